#!/usr/bin/env python3
"""The same typing in the same model with Hob, llama-server and lsp-ai side by side: how long until the first token, and the first line.

    peers.py                                        Ember, 200 keys, every peer that is there
    peers.py --model target/shape/qwen2.5-coder-0.5b-q8_0.gguf --keys 60 --at-most infill=20 --at-most lsp-ai=8
    peers.py --json out.json                        also every key's figures

Peers take turns line by line in one run, in an order that rotates, so that a machine that gets slower gets slower for all. README.md
beside says what each is asked and what is fair about it. Python 3.11, nothing else.

Must not: ask a peer worse than its own client does, count a peer's start or the tokenizing that the driver does for it, measure one
peer while another works, or end a process that it didn't start.
"""

import argparse, contextlib, http.client, json, math, os, queue, re, shutil, socket, struct, subprocess, sys, tempfile, threading, time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TYPED = [ROOT / "tests" / "fixtures" / "typing" / name for name in ("gguf.rs", "train.py")]
PEERS = {
    "hob": "Hob",
    "infill": "llama-server /infill, as llama.vim asks",
    "completion": "llama-server /completion, anchored token arrays",
    "lsp-ai": "lsp-ai, llama.cpp inside",
}
LINES_BEFORE, LINES_AFTER = 256, 64         # llama.vim's n_prefix and n_suffix
PRESET_BATCH = 1024                         # -b and -ub of llama.vim's manual; /infill keeps 3/4 of it before the cursor and 1/4 behind
CHARACTERS_A_TOKEN = 3                      # of Ember's tokenizer in this code; lsp-ai counts four characters as a token
KEYS_PER_LINE = 20
PATIENCE = 180                              # seconds for one answer


class Trouble(Exception):
    """A sentence for the person who started this: what is wrong, and what mends it."""


@dataclass
class Place:
    """A line that is emptied down to its indentation and typed anew. Lines outside `number` never differ from the file."""
    path: Path
    lines: list
    number: int

    @property
    def indent(self):
        line = self.lines[self.number]
        return line[: len(line) - len(line.lstrip())]

    def texts(self):
        """What the line holds at each key, beginning with what it holds before the first."""
        whole, start = self.lines[self.number], len(self.indent)
        return [whole[:end] for end in range(start, min(len(whole), start + KEYS_PER_LINE) + 1)]


@dataclass
class Answer:
    """What one key cost: milliseconds from the moment the key's message was written."""
    ttft: float | None = None
    first_line: float | None = None
    shown: float | None = None
    evaluated: int | None = None
    source: str | None = None


def places():
    """Lines of code from the middle of each file, one file after the other, spread evenly and always the same."""
    of_files = []
    for path in TYPED:
        lines = path.read_text().split("\n")
        wanted = [
            Place(path, lines, n)
            for n in range(len(lines) // 5, len(lines) * 9 // 10)
            if len(lines[n].strip()) >= 12 and lines[n].isascii() and not re.match(r'\s*(//|#|"|\')', lines[n])
        ]
        # Neighbours last, so that few keys still come from the whole file.
        of_files.append([wanted[i] for step in range(7) for i in range(step, len(wanted), 7)])
    return [place for pair in zip(*of_files) for place in pair]


class Lsp:
    """A language server on stdio. Each message is kept with the time at which it came."""

    def __init__(self, command, environment, log):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment)
        self.inbox, self.heard, self.last_id = queue.Queue(), set(), 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while header := out.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = out.readline()
            body = out.read(length)
            at, message = time.time_ns(), json.loads(body)
            self.heard.add(message.get("method"))
            self.inbox.put((at, message))
        self.inbox.put((time.time_ns(), None))

    def frame(self, method, params, with_id):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if with_id:
            self.last_id += 1
            message["id"] = self.last_id
        body = json.dumps(message).encode()
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    def write(self, *frames):
        """Writes everything at once, as an editor does, and returns when that was."""
        at = time.time_ns()
        try:
            self.process.stdin.write(b"".join(frames))
            self.process.stdin.flush()
        except OSError:
            raise Trouble(f"{self.process.args[0]} ended in the middle; its log is printed above") from None
        return at

    def notify(self, method, params):
        return self.write(self.frame(method, params, False))

    def take(self, timeout):
        """The next message and when it came; `{}` when none came in time. The server's own requests are answered with nothing."""
        try:
            at, message = self.inbox.get(timeout=timeout) if timeout else self.inbox.get_nowait()
        except queue.Empty:
            return time.time_ns(), {}
        if message is None:
            raise Trouble(f"{self.process.args[0]} ended in the middle; its log is printed above")
        if "method" in message and "id" in message:
            body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode()
            self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return at, message

    def messages(self, every=PATIENCE):
        """What comes, and `{}` whenever nothing has come for `every` seconds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            yield self.take(every)
        raise Trouble(f"{self.process.args[0]} did not answer for {PATIENCE} s; its log is printed above")

    def is_answer(self, message):
        return message.get("id") == self.last_id and "method" not in message

    def request(self, method, params):
        self.write(self.frame(method, params, True))
        return next(message for _, message in self.messages() if self.is_answer(message))

    def stop(self):
        with contextlib.suppress(OSError, Trouble):
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class LspPeer:
    """Typing in an editor that has the files open: each key is a `didChange`, and right behind it the editor asks."""

    def __init__(self, lsp, folder, initialize):
        self.lsp, self.versions, self.lines = lsp, {}, {}
        answer = lsp.request("initialize", {"processId": os.getpid(), "rootUri": folder.as_uri(), **initialize})
        if "error" in answer:
            raise Trouble(f"{lsp.process.args[0]} refused to start: {answer['error']['message']}")
        lsp.notify("initialized", {})
        for path in TYPED:
            copy = folder / path.name
            shutil.copy(path, copy)
            text = path.read_text()
            self.versions[path], self.lines[path] = 1, text.split("\n")
            language = {".rs": "rust", ".py": "python"}[path.suffix]
            document = {"uri": copy.as_uri(), "languageId": language, "version": 1, "text": text}
            lsp.notify("textDocument/didOpen", {"textDocument": document})
        self.folder = folder

    def change(self, place, text):
        """The message that makes the line `text`: only what differs goes, as from an editor."""
        before = self.lines[place.path][place.number]
        same = len(os.path.commonprefix([before, text]))
        self.lines[place.path][place.number] = text
        self.versions[place.path] += 1
        edge = lambda column: {"line": place.number, "character": column}
        return self.lsp.frame("textDocument/didChange", {
            "textDocument": {"uri": self.uri(place), "version": self.versions[place.path]},
            "contentChanges": [{"range": {"start": edge(same), "end": edge(len(before))}, "text": text[same:]}],
        }, False)

    def uri(self, place):
        return (self.folder / place.path.name).as_uri()

    def key(self, place, text, method, context):
        at = {"textDocument": {"uri": self.uri(place)}, "position": {"line": place.number, "character": len(text)}, "context": context}
        change = self.change(place, text)
        return self.lsp.write(change, self.lsp.frame(method, at, True))

    def leave(self, place):
        self.lsp.write(self.change(place, place.lines[place.number]))

    def stop(self):
        self.lsp.stop()


class Hob(LspPeer):
    """The real binary, with folders of its own and the configuration of somebody who only chose the model."""

    def __init__(self, options, home, log):
        binary = options.hob.resolve()
        if not binary.exists():
            raise Trouble(f"no {binary}; make build")
        environment = {**os.environ, "HOME": str(home)}
        for name in ("CONFIG", "STATE", "CACHE", "DATA", "RUNTIME"):
            folder = home / name.lower()
            folder.mkdir(mode=0o700)
            environment[f"XDG_{name}_{'DIR' if name == 'RUNTIME' else 'HOME'}"] = str(folder)
        config = home / "config" / "hob" / "config.toml"
        config.parent.mkdir()
        config.write_text(
            f"[engine]\nmodel = {json.dumps(str(options.model))}\nidle_exit = 0\nthreads = {options.threads}\n"
            f"context_tokens = {options.context}\n[completion]\nmax_tokens = {options.predict}\n"
        )
        folder = home / "work"
        folder.mkdir()
        super().__init__(Lsp([str(binary)], environment, log), folder, {"capabilities": {
            "general": {"positionEncodings": ["utf-16"]},
            "textDocument": {"inlineCompletion": {}},
            "experimental": {"hobTrace": True},
        }})
        self.mark = f"XDG_RUNTIME_DIR={environment['XDG_RUNTIME_DIR']}".encode()

    @property
    def traces(self):
        """Whether this Hob tells a client that measures it what was known when."""
        return "hob/trace" in self.lsp.heard

    def ask(self, place, text):
        start = self.key(place, text, "textDocument/inlineCompletion", {"triggerKind": 2})
        version, answer, evaluated, over = self.versions[place.path], Answer(), 0, False
        for at, message in self.lsp.messages(every=0.5):
            event = message.get("params", {})
            if self.lsp.is_answer(message):
                answer.shown = (at - start) / 1e6
                if not self.traces:
                    return answer
            elif message.get("method") == "hob/trace" and event.get("version") == version and event.get("uri") == self.uri(place):
                since = lambda: event["at_us"] / 1e3 - start / 1e6
                if event["event"] == "first_token":
                    answer.ttft, answer.source = since(), event["source"]
                elif event["event"] == "first_line":
                    answer.first_line = since()
                elif event["event"] == "work" and event["why"] in ("change", "request"):
                    evaluated += event["stats"]["evaluated_tokens"]
                    over = over or event["stop"] not in ("cancelled", "prefilled")
            # A reused answer has no work of its own, and silence has nothing at all: then only quiet tells that no more will come.
            reused = answer.source not in (None, "decode") and answer.first_line is not None
            told = reused or (over and answer.ttft is not None)
            if answer.shown is not None and (told or (not message and self.is_quiet())):
                answer.evaluated = evaluated
                return answer

    def leave(self, place):
        super().leave(place)
        self.settle()

    def settle(self):
        """Waits until its processes no longer work, so that no other peer is measured beside them."""
        end = time.monotonic() + PATIENCE
        while not self.is_quiet() and time.monotonic() < end:
            pass
        while self.lsp.take(0)[1]:
            pass

    def is_quiet(self):
        before = self.worked()
        time.sleep(0.2)
        return self.worked() - before <= 1

    def worked(self):
        """Clock ticks that supervisor, server and engine have had: they are found by the folder that only they know."""
        ticks = 0
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark in (process / "environ").read_bytes().split(b"\0"):
                    ticks += sum(map(int, (process / "stat").read_text().rpartition(") ")[2].split()[11:13]))
        return ticks


class LspAi(LspPeer):
    """lsp-ai with its request throttle out of the way and as many prompt tokens as the others have."""

    def __init__(self, options, home, log):
        if not options.lsp_ai.exists():
            raise Trouble(f"no {options.lsp_ai}; benches/peers/fetch.sh lsp-ai")
        home = home / "work"
        home.mkdir()
        fim = {"start": "<|fim_prefix|>", "middle": "<|fim_suffix|>", "end": "<|fim_middle|>"}
        settings = {
            "memory": {"file_store": {}},
            "models": {"model": {"type": "llama_cpp", "file_path": str(options.model), "n_ctx": options.context * 3 // 2,
                                 "n_gpu_layers": 0, "max_requests_per_second": 1000.0}},
            "completion": {"model": "model", "parameters": {"fim": fim, "max_tokens": options.predict,
                                                            "max_context": options.batch * CHARACTERS_A_TOKEN // 4}},
        }
        environment = {**os.environ, "LSP_AI_LOG": "error"}
        super().__init__(Lsp([str(options.lsp_ai)], environment, log), home, {"capabilities": {}, "initializationOptions": settings})

    def ask(self, place, text):
        start = self.key(place, text, "textDocument/completion", {"triggerKind": 1})
        for at, message in self.lsp.messages():
            if self.lsp.is_answer(message):
                if "error" in message:
                    raise Trouble(f"lsp-ai: {message['error']['message']}")
                return Answer(first_line=(at - start) / 1e6, shown=(at - start) / 1e6)


class LlamaServer:
    """A llama-server of its own for each way of asking, because both share a slot's cache."""

    def __init__(self, options, home, log):
        if not options.llama_server.exists():
            raise Trouble(f"no {options.llama_server}; benches/peers/fetch.sh llama-server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.options = options
        self.process = subprocess.Popen([
            str(options.llama_server), "-m", str(options.model), "--host", "127.0.0.1", "--port", str(self.port),
            "-t", str(options.threads), "-tb", str(options.threads), "--parallel", "1", "-c", str(options.context),
            "-b", str(options.batch), "-ub", str(options.batch), "--cache-reuse", "256",
        ], stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Trouble("llama-server did not start; its log is printed above")
            time.sleep(0.1)

    def is_up(self):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        return False

    def post(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise Trouble(f"llama-server {path}: {response.read().decode(errors='replace')}")
        return json.load(response)

    def tokens(self, text):
        return self.post("/tokenize", {"content": text, "add_special": False, "parse_special": False})["tokens"]

    def stream(self, path, body):
        """Asks, and hangs up after the first line. The connection is there before the clock runs."""
        common = {"n_predict": self.options.predict, "cache_prompt": True, "stream": True, "timings_per_token": True}
        body = json.dumps({**common, **body}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer, said, start = Answer(), "", time.time_ns()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise Trouble(f"llama-server {path}: {response.read().decode(errors='replace')}")
        for line in response:
            if not line.startswith(b"data: "):
                continue
            now = (time.time_ns() - start) / 1e6
            event = json.loads(line[6:])
            if answer.evaluated is None and "timings" in event:
                answer.evaluated = event["timings"]["prompt_n"]
            if event.get("content") and answer.ttft is None:
                answer.ttft = now
            said += event.get("content", "")
            if event.get("stop") or "\n" in said.lstrip():
                answer.first_line = now
                break
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        response.close()
        connection.close()
        return answer

    def leave(self, place):
        pass

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def around(place):
    """The lines before and behind the cursor's, as llama.vim joins them."""
    before = place.lines[max(0, place.number - LINES_BEFORE) : place.number]
    behind = place.lines[place.number + 1 : place.number + 1 + LINES_AFTER]
    return "\n".join(before) + "\n", "\n" + "\n".join(behind) + "\n"


class Infill(LlamaServer):
    def ask(self, place, text):
        prefix, suffix = around(place)
        blank = not text.strip()
        return self.stream("/infill", {
            "input_prefix": prefix, "input_suffix": suffix, "input_extra": [], "prompt": "" if blank else text,
            "n_indent": 0 if blank else len(place.indent), "top_k": 40, "top_p": 0.99, "samplers": ["top_k", "top_p", "infill"],
        })


class Completion(LlamaServer):
    """The prompt as Hob lays it out, of as many tokens as /infill keeps: a key is at the end of it."""

    def __init__(self, options, home, log):
        super().__init__(options, home, log)
        self.parts = {}
        special = lambda text: self.post("/tokenize", {"content": text, "parse_special": True})["tokens"]
        self.marks = [special(f"<|fim_{part}|>") for part in ("prefix", "suffix", "middle")]
        if any(len(mark) != 1 for mark in self.marks):
            raise Trouble(f"{options.model.name} has no <|fim_prefix|>, <|fim_suffix|> and <|fim_middle|>: peers.py knows no other family")

    def ask(self, place, text):
        pre, suf, mid = self.marks
        key = (place.path, place.number)
        if key not in self.parts:
            before, behind = (self.tokens(part) for part in around(place))
            quarter = self.options.batch // 4
            self.parts[key] = pre + before[-3 * quarter :] + suf + behind[: quarter - 2] + mid
        return self.stream("/completion", {"prompt": self.parts[key] + self.tokens(text), "temperature": 0})


KINDS = {"hob": Hob, "infill": Infill, "completion": Completion, "lsp-ai": LspAi}


@dataclass
class Key:
    """One key of the run, and what each peer took for it."""
    file: str
    line: int
    column: int
    new_place: bool
    answers: dict = field(default_factory=dict)


def type_line(peer, name, place, keys, pause):
    """Types one line with one peer. The emptied line is asked for too: that is what a new place costs."""
    for key, text in zip(keys, place.texts()):
        key.answers[name] = peer.ask(place, text)
        time.sleep(pause)
    peer.leave(place)


def run(options, peers):
    todo, done = iter(places()), []
    typed = Counter()
    warm = next(todo)
    for name, peer in peers.items():        # loads the model, and is not counted
        progress(f"warming up {name}")
        type_line(peer, name, warm, [Key("", 0, 0, True) for _ in range(3)], options.interval_ms / 1000)
    if (hob := peers.get("hob")) and not hob.traces:
        progress("this Hob has no hob/trace: its first token and first line are not known, only when its answer was shown\n")
    for turn, place in enumerate(todo):
        left = {name: options.at_most.get(name, options.keys) - typed[name] for name in peers}
        asked = [name for name in peers if left[name] > 0]
        if not asked:
            return done
        texts = place.texts()
        keys = [Key(place.path.name, place.number + 1, len(text) + 1, n == 0) for n, text in enumerate(texts)]
        done += keys
        for name in asked[turn % len(asked) :] + asked[: turn % len(asked)]:
            mine = keys[: left[name] + 1]
            progress(f"{name}: {place.path.name}:{place.number + 1}, {typed[name]} keys done")
            type_line(peers[name], name, place, mine, options.interval_ms / 1000)
            typed[name] += len(mine) - 1
    raise Trouble(f"the files have lines for {min(typed.values())} keys only; --keys can't be more")


def percentile(values, share):
    """The nearest rank: a value that was measured."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figures(keys, name, what):
    values = [value for key in keys if name in key.answers and (value := getattr(key.answers[name], what)) is not None]
    if not values:
        return None
    return {"n": len(values), "mean": sum(values) / len(values), **{f"p{p}": percentile(values, p / 100) for p in (50, 95, 99)}}


def ratio(keys, name, what):
    """The peer's median by Hob's, over the keys for which both have a figure."""
    pairs = [(getattr(key.answers[name], what), getattr(key.answers["hob"], what)) for key in keys if {name, "hob"} <= key.answers.keys()]
    pairs = [pair for pair in pairs if None not in pair]
    if not pairs:
        return None
    theirs, ours = (percentile(side, 0.5) for side in zip(*pairs))
    return {"n": len(pairs), "ratio": theirs / ours} if ours > 0 else None


def summary(keys, peers):
    decoded = [key for key in keys if "hob" in key.answers and key.answers["hob"].source == "decode"]
    out = {}
    for title, part in (("typing", [key for key in keys if not key.new_place]), ("new place", [key for key in keys if key.new_place])):
        out[title] = {name: {
            **{what: figures(part, name, what) for what in ("ttft", "first_line", "shown", "evaluated")},
            **({} if name == "hob" else {
                "ttft_by_hob": ratio(part, name, "ttft"),
                "ttft_by_hob_where_it_decoded": ratio([key for key in part if key in decoded], name, "ttft"),
                "first_line_by_hob": ratio(part, name, "first_line"),
            }),
        } for name in peers}
        if "hob" in peers:
            out[title]["hob"]["sources"] = dict(Counter(key.answers["hob"].source or "none: silent" for key in part if "hob" in key.answers))
    return out


def table(summary):
    """Markdown: one table a kind of key, one row a peer."""
    number = lambda of, digits=1: "–" if of is None else f"{of:.{digits}f}"
    at = lambda found, name: None if found is None else found[name]
    out = []
    for title, by_peer in summary.items():
        out += [f"\n**{title}** (milliseconds)\n",
                "| | n | first token p50 | p95 | p99 | by Hob's | where Hob decoded | tokens evaluated, mean | first line p50 | p95 | by Hob's | answer p50 |",
                "|---|" + "--:|" * 11]
        for name, of in by_peer.items():
            n = max((found["n"] for what in ("ttft", "first_line", "shown") if (found := of[what])), default=0)
            cells = [PEERS[name], str(n), *(number(at(of["ttft"], p)) for p in ("p50", "p95", "p99")),
                     *(number(at(of.get(r), "ratio"), 2) for r in ("ttft_by_hob", "ttft_by_hob_where_it_decoded")),
                     number(at(of["evaluated"], "mean")), *(number(at(of["first_line"], p)) for p in ("p50", "p95")),
                     number(at(of.get("first_line_by_hob"), "ratio"), 2), number(at(of["shown"], "p50"))]
            out.append("| " + " | ".join(cells) + " |")
        if "hob" in by_peer and by_peer["hob"]["ttft"]:
            of = ", ".join(f"{n} {source}" for source, n in sorted(by_peer["hob"]["sources"].items()))
            out.append(f"\nWhere Hob's first token came from: {of}.")
    return "\n".join(out)


def progress(text):
    end = "" if sys.stderr.isatty() else "\n"
    print(f"\r\033[K{text}" if sys.stderr.isatty() else text, end=end, file=sys.stderr, flush=True)


def context_length(path):
    """What the model says it was trained for; the engines cut their context to it. Reads a GGUF's metadata up to that key."""
    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
    with path.open("rb") as file:
        word = lambda form: struct.unpack(f"<{form}", file.read(struct.calcsize(form)))[0]
        if file.read(4) != b"GGUF":
            raise Trouble(f"{path} is no GGUF; make shape writes two")
        _, _, count = word("I"), word("Q"), word("Q")
        for _ in range(count):
            key, kind = file.read(word("Q")), word("I")
            if key.endswith(b".context_length"):
                return word("I")
            inner, items = (word("I"), word("Q")) if kind == 9 else (kind, 1)
            for _ in range(items if inner == 8 else 1):
                file.seek(word("Q") if inner == 8 else sizes[inner] * items, 1)
    raise Trouble(f"{path} doesn't say how long its context is")


def quota(text):
    name, _, keys = text.partition("=")
    if name not in PEERS or not keys.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not PEER=KEYS with one of {', '.join(PEERS)}")
    return name, int(keys)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = ROOT / "target" / "peers"
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "ember" / "ember.gguf", help="GGUF that all are given (default: Ember)")
    parser.add_argument("--keys", type=int, default=200, help="keys typed with each peer, new places not counted (200)")
    parser.add_argument("--at-most", type=quota, action="append", default=[], metavar="PEER=KEYS", help="fewer for a slow one")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"which, of {','.join(PEERS)}")
    parser.add_argument("--interval-ms", type=float, default=150, help="pause after each answer: what works in the background has its time (150)")
    parser.add_argument("--predict", type=int, default=24, help="tokens that an answer may have (24)")
    parser.add_argument("--threads", type=int, default=1, help="threads of a decode, lsp-ai excepted: it has four (1)")
    parser.add_argument("--context", type=int, help="tokens of prompt and answer (2048, or what the model was trained for)")
    parser.add_argument("--batch", type=int, help=f"tokens of the prompt for the peers ({PRESET_BATCH} as in llama.vim's manual, or what the context holds)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every key's figures there too")
    parser.add_argument("--hob", type=Path, default=ROOT / "target" / "release" / "hob")
    parser.add_argument("--llama-server", type=Path, default=here / "llama-server")
    parser.add_argument("--lsp-ai", type=Path, default=here / "lsp-ai")
    options = parser.parse_args()
    options.names = options.peers.split(",")
    if unknown := set(options.names) - PEERS.keys():
        parser.error(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    options.at_most = dict(options.at_most)
    options.model = options.model.resolve()
    return options


def main():
    options = arguments()
    if not options.model.exists():
        raise Trouble(f"no {options.model}; make shape")
    trained = context_length(options.model)
    options.context = min(options.context or 2048, trained)
    room = (options.context - options.predict - 24) // 4 * 4
    options.batch = min(options.batch or PRESET_BATCH, room)
    peers, logs = {}, {}
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hob-peers-", ignore_cleanup_errors=True)))
        try:
            for name in sorted(options.names, key=list(PEERS).index):
                folder = home / name
                folder.mkdir()
                logs[name] = folder / "log"
                peers[name] = KINDS[name](options, folder, stack.enter_context(logs[name].open("w")))
                stack.callback(peers[name].stop)
            keys = run(options, peers)
        except Trouble as trouble:
            for name, log in logs.items():
                print(f"--- the end of {name}'s log\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]), file=sys.stderr)
            raise trouble
    progress("")
    found = summary(keys, peers)
    print(f"{options.model.name}, {options.threads} thread(s), {options.context} tokens of context, peers' prompts of at most {options.batch}, "
          f"answers of at most {options.predict}, {options.interval_ms:g} ms between keys")
    print(table(found))
    if options.json:
        every = [{**vars(key), "answers": {name: vars(answer) for name, answer in key.answers.items()}} for key in keys]
        about = {name: str(value) for name, value in vars(options).items()}
        options.json.write_text(json.dumps({"command": sys.argv, "options": about, "summary": found, "keys": every}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        sys.exit(f"peers: {trouble}")
