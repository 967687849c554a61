"""One module and one ``.tcss`` per page or dialog. Pages show; dialogs ask and return a draft."""
