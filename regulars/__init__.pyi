from regulars.doors.python import Recorded as Recorded
from regulars.doors.python import record as record

__version__: str
