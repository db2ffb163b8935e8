import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What a hostile server says to a command in place of the right answer; null: the right answer. */
export type Hostility = (command: string, tag: string, socket: Socket) => string | null;

/** A server that speaks just enough IMAP to be logged in to and selected, and then misbehaves. */
export async function startHostileImap(answer: Hostility, greeting = "* OK ready\r\n") {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.write(greeting);
    let waiting = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      waiting += text;
      for (let end = waiting.indexOf("\r\n"); end >= 0; end = waiting.indexOf("\r\n")) {
        const [tag = "", ...rest] = waiting.slice(0, end).split(" ");
        waiting = waiting.slice(end + 2);
        const command = rest.join(" ");
        socket.write(answer(command, tag, socket) ?? rightAnswer(command, tag), "latin1");
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    async stop(): Promise<void> {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function rightAnswer(command: string, tag: string): string {
  const done = `${tag} OK done\r\n`;
  if (/^CAPABILITY/i.test(command)) return `* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n${done}`;
  if (/^NAMESPACE/i.test(command)) return `* NAMESPACE (("" "/")) NIL NIL\r\n${done}`;
  if (/^(LIST|LSUB)/i.test(command)) return `* LIST () "/" INBOX\r\n${done}`;
  if (/^(SELECT|EXAMINE)/i.test(command))
    return `* 1 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\n${tag} OK [READ-WRITE] done\r\n`;
  return done;
}
