"""Tells `weighbridge run` what a training job itself has counted.

One file, Python 3.8 or newer, standard library only: copy it beside your
training script. Outside of `weighbridge run` every call does nothing.

    import weighbridge

    for step, batch in enumerate(loader, 1):
        train(batch)
        weighbridge.count(step=step, tokens=batch.numel() * world_size)

Or, where the job keeps totals of its own, `weighbridge.report(step=step,
tokens=total_tokens)`; or, with transformers, `Trainer(...,
callbacks=[weighbridge.WeighbridgeCallback()])`.

The numbers are the whole job's: one process reports for all of them. Processes
of rank 1 and above (torchrun, Slurm, MPI) therefore send nothing.

Training comes first. No call waits, and none raises: what the socket does not
take at once is dropped, and the next report, which is cumulative, says it all
again. Only at the end of the process the last report gets up to half a second.

The lines are those of meter/wrap/SPEC.md and meter/trainlog/SPEC.md.
"""

import atexit
import json
import os
import socket
import sys
import threading
import time

__all__ = ["Reporter", "WeighbridgeCallback", "count", "report"]

_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_RETRY = 5.0  # seconds until a socket that did not answer is tried again
_FLAGS = getattr(socket, "MSG_NOSIGNAL", 0)


class Reporter:
    """Sends cumulative counts to one socket. Its methods never wait or raise."""

    def __init__(self, path=None):
        """path is the socket; by default the one that `weighbridge run` gives,
        if there is one and this is the process that reports for the job."""
        self._path = _socket_of_this_job() if path is None else path
        self._sending = threading.Lock()
        self._summing = threading.Lock()
        self._sums = {}  # activity -> name -> total
        self._lines = {}  # activity -> the newest line that was not sent
        self._rest = b""  # of a line that the socket took in part
        self._socket, self._pid, self._retry = None, None, 0.0
        self._told = False

    def report(self, step=None, tokens=None, operations=None, documents=None, squared_lengths=None, activity=""):
        """Reports totals since the start of the job: tokens and operations by
        this counter, the documents and the sum of the squares of their lengths
        in tokens, the last complete step. An activity other than the run's own
        is named as in the ledger ("evaluation")."""
        self._guarded(self._report, activity, step=step, tokens=tokens, operations=operations, documents=documents, squared_lengths=squared_lengths)

    def count(self, step=None, tokens=0, operations=0, lengths=(), activity=""):
        """Adds to the totals of this reporter and reports them. lengths are
        those of the documents in it, in tokens; without tokens their sum is."""
        self._guarded(self._count, activity, step, tokens, operations, lengths)

    def close(self, wait=0.5):
        """Sends what is left, for at most wait seconds, and ends the connection."""
        self._guarded(self._close, wait)

    def _guarded(self, call, *args, **named):
        if not self._path:
            return
        try:
            call(*args, **named)
        except Exception as error:  # whatever it is, the job goes on
            if not self._told:
                self._told = True
                try:
                    sys.stderr.write("weighbridge: a report was not sent: %r\n" % (error,))
                except Exception:
                    pass

    def _report(self, activity, step=None, **figures):
        fields = {} if step is None else {"step": int(step)}
        # Whole numbers in quotes: many JSON libraries lose digits above 2**53.
        fields.update((name, str(int(value))) for name, value in figures.items() if value is not None)
        if activity:
            fields["activity"] = str(activity)
        self._send(activity, json.dumps(fields, separators=(",", ":")).encode() + b"\n")

    def _count(self, activity, step, tokens, operations, lengths):
        lengths = [int(length) for length in lengths]
        added = {"tokens": int(tokens) or sum(lengths), "operations": int(operations)}
        if lengths:
            added.update(documents=len(lengths), squared_lengths=sum(length * length for length in lengths))
        with self._summing:
            sums = self._sums.setdefault(activity, {})
            for name, value in added.items():
                sums[name] = sums.get(name, 0) + value
            totals = dict(sums)
        if not totals["operations"]:
            del totals["operations"]
        self._report(activity, step=step, **totals)

    def _send(self, activity, line):
        if not self._sending.acquire(False):
            return  # another thread sends just now
        try:
            self._lines[activity] = line
            self._push()
        finally:
            self._sending.release()

    def _push(self):
        """Sends what the socket takes, and says whether anything is left."""
        if not self._connected():
            return False
        try:
            while self._rest or self._lines:
                if not self._rest:
                    self._rest = self._lines.pop(next(iter(self._lines)))
                self._rest = self._rest[self._socket.send(self._rest, _FLAGS):]
            return False
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            self._disconnect()
            return False

    def _connected(self):
        if self._socket is not None and self._pid != os.getpid():  # a fork: the connection is the parent's
            self._disconnect()
            self._retry = 0.0
        if self._socket is not None:
            return True
        if time.monotonic() < self._retry:
            return False
        self._retry = time.monotonic() + _RETRY
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.setblocking(False)
            made.connect(self._path)
        except OSError:
            made.close()
            return False
        self._socket, self._pid = made, os.getpid()
        return True

    def _disconnect(self):
        self._socket.close()
        self._socket, self._rest, self._retry = None, b"", time.monotonic() + _RETRY

    def _close(self, wait):
        if not self._sending.acquire(False):
            return
        try:
            end = time.monotonic() + wait
            while self._push() and time.monotonic() < end:
                time.sleep(0.005)
            if self._socket is not None:
                self._disconnect()
                self._retry = 0.0
        finally:
            self._sending.release()


def _socket_of_this_job():
    rank = next((os.environ[name] for name in _RANKS if os.environ.get(name)), "0")
    return os.environ.get("WEIGHBRIDGE_SOCKET") if rank == "0" else None


_default = None


def _reporter():
    global _default
    if _default is None:
        _default = Reporter()
        atexit.register(_default.close)
    return _default


def report(step=None, tokens=None, operations=None, documents=None, squared_lengths=None, activity=""):
    """Reporter.report on the socket of this job."""
    _reporter().report(step, tokens, operations, documents, squared_lengths, activity)


def count(step=None, tokens=0, operations=0, lengths=(), activity=""):
    """Reporter.count on the socket of this job."""
    _reporter().count(step, tokens, operations, lengths, activity)


def __getattr__(name):  # PEP 562: transformers is imported only where the callback is asked for
    if name != "WeighbridgeCallback":
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    globals()[name] = made = _callback()
    return made


def _callback():
    import torch
    from transformers import TrainerCallback

    class WeighbridgeCallback(TrainerCallback):
        """Counts the tokens that go through the model with gradients on this
        rank, padding included, times the number of ranks, and reports them
        after each step. Ranks that share a batch (tensor or context parallel)
        need ranks=, the number of those that do not."""

        def __init__(self, reporter=None, activity="", ranks=None):
            self._to, self._activity, self._ranks = reporter or _reporter(), activity, ranks
            self._tokens, self._hook = 0, None

        def on_train_begin(self, args, state, control, model=None, **kwargs):
            self._ranks = self._ranks or max(1, getattr(args, "world_size", 1))
            if self._hook is None and model is not None:
                self._hook = model.register_forward_pre_hook(self._forward, with_kwargs=True)

        def _forward(self, module, args, kwargs):
            if not module.training or not torch.is_grad_enabled():
                return
            tokens = kwargs.get("input_ids", args[0] if args else None)
            if tokens is not None:
                self._tokens += tokens.numel()
            elif kwargs.get("inputs_embeds") is not None:
                self._tokens += kwargs["inputs_embeds"].shape[:-1].numel()

        def on_step_end(self, args, state, control, **kwargs):
            self._say(state)

        def on_train_end(self, args, state, control, **kwargs):
            self._say(state)
            if self._hook is not None:
                self._hook.remove()
                self._hook = None

        def _say(self, state):
            self._to.report(step=state.global_step, tokens=self._tokens * (self._ranks or 1), activity=self._activity)

    return WeighbridgeCallback
