"""How a run tells how far it is: a bar where somebody watches, plain lines elsewhere, and log.jsonl, from which card.py draws.

Must not: decide anything about the run, or write a bar into a file.
"""

import json, sys, time

from tqdm import tqdm

tqdm.monitor_interval = 0           # no thread of its own: workers are forked beside it


class Progress:
    def __init__(self, log, done, total):
        """`done` and `total` in tokens; a total of None is a run that ends by the clock."""
        self.log, self.first, self.began = log, done, time.time()
        self.bar = tqdm(total=total, initial=done, unit=" tokens", unit_scale=True, dynamic_ncols=True, smoothing=0.05,
                        disable=not sys.stderr.isatty())

    def step(self, step, tokens, loss, rate):
        self.bar.update(tokens - self.bar.n)
        self.bar.set_postfix_str(f"step {step}, {loss:.3f} nats, rate {rate:.2f}", refresh=False)
        if self.bar.disable and step % 10 == 0:
            speed = (tokens - self.first) / (time.time() - self.began)
            left = f"  {(self.bar.total - tokens) / speed / 60:.0f} min left" if self.bar.total else ""
            print(f"step {step}  {tokens / 1e6:.2f} M tokens  {loss:.3f} nats  rate {rate:.2f}  {speed:.0f} tokens/s{left}", flush=True)

    def measured(self, **figures):
        said = f"step {figures['step']}, held out: {figures['held_out']:.3f} nats a token, {figures['answers']:.3f} in answers"
        if self.bar.disable:
            print(said, flush=True)
        else:
            self.bar.write(said)
        with open(self.log, "a") as log:
            log.write(json.dumps(figures) + "\n")

    def close(self):
        self.bar.close()
