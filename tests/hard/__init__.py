"""Hard use: kills, changes, memory. Each part is a module with a main function; none runs with the tests."""
