import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export const APP_TOKEN = 'xapp-stand-in';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** One unmasked frame of a server (RFC 6455, section 5.2). */
function frame(opcode: number, data: Buffer): Buffer {
  const short = data.length < 126;
  const head = Buffer.alloc(short ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = short ? data.length : 126;
  if (!short) head.writeUInt16BE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** The masked frames of a client that are whole, and what is left over. */
function unframe(bytes: Buffer): { frames: { opcode: number; data: Buffer }[]; rest: Buffer } {
  const frames: { opcode: number; data: Buffer }[] = [];
  let at = 0;
  while (bytes.length - at >= 6) {
    const short = bytes[at + 1]! & 0x7f;
    const head = short === 126 ? 4 : 2;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const end = at + head + 4 + length;
    if (bytes.length < end) break;
    const mask = bytes.subarray(at + head, at + head + 4);
    const data = Buffer.from(bytes.subarray(at + head + 4, end));
    for (let i = 0; i < data.length; i += 1) data[i]! ^= mask[i % 4]!;
    frames.push({ opcode: bytes[at]! & 0x0f, data });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

export interface SlackSocketStandIn {
  readonly url: string;
  /** What came back for each envelope. */
  readonly acks: { envelope_id: string; payload: any }[];
  /** How many sockets have been opened, and how often an address was asked for. */
  readonly opened: number;
  readonly asked: number;
  /** Sends an interactive envelope to the newest socket. */
  send(envelopeId: string, payload: unknown): void;
  /** As Slack does before it ends a connection. */
  disconnect(): void;
  /** The network ends it, without a word. */
  cut(): void;
  /** What `apps.connections.open` answers instead from now on; undefined: an address. */
  answerWith(answer: object | 'drop' | undefined): void;
  /** Whether a new socket gets Slack's hello. */
  sayHello(isSaid: boolean): void;
  close(): Promise<void>;
}

/** Slack's side of socket mode on loopback. https://docs.slack.dev/apis/events-api/using-socket-mode */
export async function startSlackSocketServer(): Promise<SlackSocketStandIn> {
  const acks: { envelope_id: string; payload: any }[] = [];
  const sockets = new Set<Duplex>();
  let newest: Duplex | undefined;
  let asked = 0;
  let opened = 0;
  let answer: object | 'drop' | undefined;
  let isHelloSaid = true;
  const server = createServer((request, response) => {
    asked += 1;
    if (answer === 'drop') {
      request.socket.destroy();
      return;
    }
    const isOurs =
      request.url === '/api/apps.connections.open' &&
      request.headers.authorization === `Bearer ${APP_TOKEN}`;
    const { port } = server.address() as AddressInfo;
    const address = { ok: true, url: `ws://127.0.0.1:${port}/link/?ticket=${asked}` };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(isOurs ? (answer ?? address) : { ok: false, error: 'invalid_auth' }),
    );
  });
  const say = (socket: Duplex | undefined, message: object): void => {
    socket?.write(frame(TEXT, Buffer.from(JSON.stringify(message))));
  };
  server.on('upgrade', (request, socket: Duplex) => {
    const key = `${request.headers['sec-websocket-key'] ?? ''}${GUID}`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    opened += 1;
    newest = socket;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const read = unframe(Buffer.concat([rest, chunk]));
      rest = Buffer.from(read.rest);
      for (const { opcode, data } of read.frames) {
        if (opcode === TEXT) acks.push(JSON.parse(data.toString()));
        if (opcode === PING) socket.write(frame(PONG, data));
        if (opcode === CLOSE) socket.end(frame(CLOSE, data));
      }
    });
    if (isHelloSaid) say(socket, { type: 'hello', num_connections: 1 });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    acks,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get opened() {
      return opened;
    },
    get asked() {
      return asked;
    },
    send: (envelope_id, payload) => {
      say(newest, { type: 'interactive', envelope_id, accepts_response_payload: true, payload });
    },
    disconnect: () => {
      say(newest, { type: 'disconnect', reason: 'refresh_requested' });
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    answerWith: (given) => {
      answer = given;
    },
    sayHello: (isSaid) => {
      isHelloSaid = isSaid;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
