"""What the user wrote -> validated scenario -> resolved inputs.

`load.load` reads and validates a file (or a shipped scenario by name), `resolve.resolve` reads everything it points
to. Both raise `errors.ScenarioError` with every problem at once.
"""
