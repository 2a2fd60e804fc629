"""What systemd itself says of units in the journal: when it began and ended to start and stop them."""

STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"
STARTED = "39f53479d3a045ac8e11786248231fbf"
STOPPING = "de5b426a63be47a7b6ac3eaac82e2f6f"
STOPPED = "9d1aaa27d60140bd96365438aad20286"


class UnitJournal:
    """Of one boot of a machine: 0 is this one, -1 the one before."""

    def __init__(self, machine, boot=0):
        self.entries = machine.journal(f"--boot={boot}")
        self._start = _seconds(self.entries[0]) if self.entries else 0.0  # a container's clock is that of the machine it is on

    def moment(self, message, unit, last=False):
        """Seconds since the boot of the first (or last) such message of a unit, or None."""
        found = [entry for entry in self.entries if entry.get("MESSAGE_ID") == message and entry.get("UNIT") == unit]
        return self._since_boot(found[-1 if last else 0]) if found else None

    def said(self, unit, words):
        """Seconds since the boot of the unit's first line with these words, or None."""
        for entry in self.entries:
            text = entry.get("MESSAGE")
            if entry.get("_SYSTEMD_UNIT") == unit and isinstance(text, str) and words in text:
                return self._since_boot(entry)
        return None

    def _since_boot(self, entry):
        return round(_seconds(entry) - self._start, 3)

    def wrong_order(self, *events):
        """events: (title, moment). A sentence for each that is missing or comes before the one before it."""
        problems = [f"{title}: not in the journal" for title, moment in events if moment is None]
        known = [(title, moment) for title, moment in events if moment is not None]
        problems += [f"{later[0]} at {later[1]:.3f} s, before {earlier[0]} at {earlier[1]:.3f} s"
                     for earlier, later in zip(known, known[1:]) if later[1] < earlier[1]]
        return problems


def _seconds(entry):
    return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
