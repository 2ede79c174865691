"""`leadgate demo`: the whole product in one process, on a sample of leads or on a CSV."""

from admin.demo.command import demo

__all__ = ["demo"]
