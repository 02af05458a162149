// node client.mjs ADDRESS TRANSPORTS: talks to the server through the address and says what happened in one line.
import { io } from "socket.io-client";

const [address, transports] = process.argv.slice(2);
const socket = io(address, { transports: transports.split(","), reconnection: false, timeout: 30000 });
const fail = (why) => {
  console.log(`failed: ${why}`);
  process.exit(1);
};
setTimeout(() => fail("too slow"), 90000).unref();
socket.on("connect_error", (error) => fail(error.message));
socket.on("disconnect", (why) => why === "io client disconnect" || fail(why));
// Listened for before anything is awaited: on a fast machine the change-over comes before the connect event is heard.
const upgraded = new Promise((done) => socket.io.engine.once("upgrade", done));
await new Promise((done) => socket.on("connect", done));
if (transports === "polling,websocket") await upgraded;

const big = Buffer.alloc(300000, 7);
const echoed = await socket.timeout(30000).emitWithAck("echo", big);
if (Buffer.compare(Buffer.from(echoed.value), big) !== 0) fail("bytes changed");

const items = [];
const all = new Promise((done) => socket.on("item", (i) => items.push(i) === 500 && done()));
socket.emit("burst", 500);
await all;
if (items.some((item, i) => item !== i)) fail("order changed");

// Long enough for a few pings.
await new Promise((done) => setTimeout(done, 1800));
const last = await socket.timeout(30000).emitWithAck("echo", "ünï");
if (last.value !== "ünï") fail("text changed");
console.log(`ok ${last.transport}`);
socket.disconnect();
