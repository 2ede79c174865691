"""The `leadgate` command: provisioning, models as code, one lead explained, and everything on one machine.

`__main__` puts the commands together; each `*_command(s)` module parses and prints, the modules beside it do the work.
"""

__all__: list[str] = []
