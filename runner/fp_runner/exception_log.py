"""Exceptions of requests, written to the app's own database by a thread of their own, or sent to the platform where there is none."""

import datetime
import queue
import threading
from typing import Any

from .control import Control, SilentControl

COLLECTION = "_platform_request_logs"
KEPT_DAYS = 7
# A crash loop at thousands a second must cost the app nothing: the rest is dropped and counted.
MOST_WAITING = 1_000
MOST_PER_WRITE = 100
FLUSH_SECONDS = 0.25


class ExceptionLog:
    """Takes records without waiting. `start` begins the writing, `stop` ends it after what is waiting is written."""

    def __init__(self, control: Control | SilentControl, *, app_id: str, version: int, mongo_uri: str | None) -> None:
        self._control = control
        self._app_id = app_id
        self._version = version
        self._mongo_uri = mongo_uri
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(MOST_WAITING)
        self._dropped = 0
        self._thread: threading.Thread | None = None
        self._collection: Any = None

    def add(self, record: dict[str, Any]) -> None:
        now = datetime.datetime.now(datetime.timezone.utc)
        try:
            self._waiting.put_nowait({**record, "at": now})
        except queue.Full:
            self._dropped += 1
            return
        # Begun by the first exception: an app that never fails pays for no thread.
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="platform-exceptions", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The app has as many threads as it may: the record waits for the next exception that finds room.
                return
            self._thread = thread

    def stop(self, seconds: float = 2.0) -> None:
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            pass
        self._thread.join(seconds)

    def _run(self) -> None:
        ended = False
        while not ended:
            records = [self._waiting.get()]
            deadline = threading.Event()
            deadline.wait(FLUSH_SECONDS if records[0] is not None and self._waiting.empty() else 0)
            while len(records) < MOST_PER_WRITE:
                try:
                    records.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            ended = None in records
            self._write([record for record in records if record is not None])

    def _write(self, records: list[dict[str, Any]]) -> None:
        if records and not self._write_to_database(records):
            for record in records:
                self._control.send({"type": "exception", "record": {**record, "at": record["at"].isoformat()}})
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._control.send({"type": "dropped", "count": dropped})

    def _write_to_database(self, records: list[dict[str, Any]]) -> bool:
        if self._mongo_uri is None:
            return False
        try:
            self._connect().insert_many([self._document(record) for record in records], ordered=False)
        except Exception:  # noqa: BLE001 (whatever the database says, the record goes to the platform)
            return False
        return True

    def _connect(self) -> Any:
        if self._collection is None:
            import pymongo

            client: Any = pymongo.MongoClient(self._mongo_uri, maxPoolSize=1, serverSelectionTimeoutMS=5_000, timeoutMS=10_000)
            collection = client.get_default_database()[COLLECTION]
            collection.create_index("timestamp", expireAfterSeconds=KEPT_DAYS * 86_400)
            collection.create_index([("app_id", 1), ("timestamp", -1)])
            self._collection = collection
        return self._collection

    def _document(self, record: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in record.items() if name not in ("requestId", "at")}
        return {"app_id": self._app_id, "version": self._version, "request_id": record["requestId"], "timestamp": record["at"], **rest}
