"""The ground floor: exceptions, crash points, rows, the database clock. Imports nothing of the apps."""
