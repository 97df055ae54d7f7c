"""The format of the audit log: the message and everything that was given with it."""

import json
import logging

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Full(logging.Formatter):
    def format(self, record):
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return json.dumps({"message": record.getMessage(), **extra})
