// A socket.io server on a free port of 127.0.0.1: prints the port, echoes, ends with its standard input.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer((request, response) => response.end("plain"));
const io = new Server(http, { pingInterval: 500, pingTimeout: 2000 });
io.on("connection", (socket) => {
  socket.on("echo", (value, answer) => answer({ value, transport: socket.conn.transport.name }));
  socket.on("burst", (count) => {
    for (let i = 0; i < count; i++) socket.emit("item", i);
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
