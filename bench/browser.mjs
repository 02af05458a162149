// A browser's network in miniature: at most six connections of its own, kept alive, one request on each at a time. Plain sockets, so that the client's own work hides as little as possible of what is measured.
import { connect } from 'node:net';

const most = 6;

export class Browser {
  #free = []; #open = 0; #waiting = []; #host; #port; #patience;

  /** `patience` in seconds: an answer that takes longer is a failure. */
  constructor(port, patience, host = '127.0.0.1') { [this.#port, this.#patience, this.#host] = [port, patience, host]; }

  /** One request; refuses to be anything but what was expected. `wants` judges status and headers. */
  async ask(path, { method = 'GET', headers = {}, form, body = form && new URLSearchParams(form).toString() } = {}, wants = status => status === 200) {
    const line = await this.#take();
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}:${this.#port}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}${body === undefined ? '' : `${form ? 'content-type: application/x-www-form-urlencoded\r\n' : ''}content-length: ${Buffer.byteLength(body)}\r\n`}\r\n`;
    let heard;
    try { heard = await line.send(head + (body ?? ''), this.#patience); } catch (wrong) { this.#drop(line); throw new Error(`${method} ${path}: ${wrong.message}`); }
    this.#give(line);
    if (!wants(heard.status, heard.headers)) throw new Error(`${method} ${path}: ${heard.status} ${heard.headers.location ?? ''} ${heard.text.slice(0, 300)}`);
    return heard;
  }

  close() { for (const line of this.#free.splice(0)) line.socket.destroy(); this.#open = 0; }

  async #take() {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#open < most) { this.#open++; return new Line(connect({ port: this.#port, host: this.#host, noDelay: true })); }
    return new Promise(done => this.#waiting.push(done));
  }

  #give(line) {
    if (line.socket.destroyed) { this.#drop(line); return; }
    const next = this.#waiting.shift();
    if (next) next(line); else this.#free.push(line);
  }

  #drop(line) {
    line.socket.destroy();
    this.#open--;
    const next = this.#waiting.shift();
    if (next) this.#take().then(next);
  }
}

// One connection. Bodies have a length or come in chunks; nothing else is sent to us.
class Line {
  #heard = Buffer.alloc(0); #done; #fail; #late;

  constructor(socket) {
    this.socket = socket;
    socket.on('data', part => { this.#heard = this.#heard.length ? Buffer.concat([this.#heard, part]) : part; this.#read(); });
    socket.on('error', wrong => this.#end(wrong));
    socket.on('close', () => this.#end(new Error('the connection was closed')));
  }

  send(bytes, patience) {
    return new Promise((done, fail) => {
      [this.#done, this.#fail] = [done, fail];
      this.#late = setTimeout(() => this.#end(new Error(`no answer in ${patience} s`)), patience * 1000);
      this.socket.write(bytes);
    });
  }

  #end(wrong) { clearTimeout(this.#late); const fail = this.#fail; this.#fail = this.#done = undefined; fail?.(wrong); }

  #read() {
    const end = this.#heard.indexOf('\r\n\r\n');
    if (end < 0 || !this.#done) return;
    const [first, ...lines] = this.#heard.toString('latin1', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
      const at = line.indexOf(':'), name = line.slice(0, at).toLowerCase(), value = line.slice(at + 1).trim();
      if (name === 'set-cookie') (headers[name] ??= []).push(value); else headers[name] = value;
    }
    const status = Number(first.slice(9, 12));
    const start = end + 4;
    let body;
    if (headers['transfer-encoding'] === 'chunked') {
      const parts = [];
      for (let at = start; ;) {
        const line = this.#heard.indexOf('\r\n', at);
        if (line < 0) return;
        const size = parseInt(this.#heard.toString('latin1', at, line), 16);
        if (this.#heard.length < line + 2 + size + 2) return;
        if (size === 0) break;
        parts.push(this.#heard.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
      }
      body = Buffer.concat(parts);
    } else {
      const length = status === 204 || status === 304 ? 0 : Number(headers['content-length'] ?? 0);
      if (this.#heard.length < start + length) return;
      body = this.#heard.subarray(start, start + length);
    }
    this.#heard = Buffer.alloc(0);
    clearTimeout(this.#late);
    const done = this.#done;
    this.#fail = this.#done = undefined;
    if (headers.connection === 'close') this.socket.destroy();
    done({ status, headers, text: body.toString() });
  }
}
