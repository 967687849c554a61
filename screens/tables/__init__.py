"""Tables: their page, and the dialogs that make and change them."""
