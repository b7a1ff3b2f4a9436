import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A mail server on loopback, as much of RFC 5321 as a client needs. */

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, without the dots that were doubled on the way. */
  readonly raw: string;
}

export interface SmtpStandIn {
  readonly port: number;
  readonly mails: Mail[];
  /** Every command that was heard, also of mails that were not taken. */
  readonly commands: string[];
  /** The next of this command is answered so: a line such as `550 no`, `drop`, or `hang`. */
  failNext(verb: string, how: string): void;
  close(): Promise<void>;
}

export interface SmtpOptions {
  /** What EHLO offers beside the name. */
  readonly offers?: readonly string[];
}

const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? '';

export async function startSmtp({ offers = ['8BITMIME'] }: SmtpOptions = {}): Promise<SmtpStandIn> {
  const mails: Mail[] = [];
  const commands: string[] = [];
  const failures = new Map<string, string>();
  const sockets = new Set<Socket>();

  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let mail = { from: '', to: [] as string[] };
    let buffered = '';
    let isData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    const answers: Record<string, (line: string) => void> = {
      EHLO: () => {
        const lines = ['smtp.test', ...offers];
        say(lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n'));
      },
      MAIL: (line) => {
        mail = { from: addressIn(line), to: [] };
        say('250 ok');
      },
      RCPT: (line) => {
        mail.to.push(addressIn(line));
        say('250 ok');
      },
      DATA: () => {
        isData = true;
        say('354 go on');
      },
      AUTH: () => say('235 ok'),
      QUIT: () => {
        say('221 bye');
        socket.end();
      },
    };
    const failed = (verb: string): boolean => {
      const how = failures.get(verb);
      if (how === undefined) return false;
      failures.delete(verb);
      if (how === 'drop') socket.destroy();
      else if (how !== 'hang') say(how);
      return true;
    };
    const command = (line: string): void => {
      const verb = line.slice(0, 4).toUpperCase();
      commands.push(line);
      if (failed(verb)) return;
      const answer = answers[verb];
      if (answer === undefined) say('500 what');
      else answer(line);
    };
    const takeData = (): boolean => {
      const end = buffered.indexOf('\r\n.\r\n');
      if (end < 0) return false;
      const raw = buffered.slice(0, end + 2).replaceAll('\r\n..', '\r\n.');
      buffered = buffered.slice(end + 5);
      isData = false;
      if (failures.get('TAKEN') === 'drop') mails.push({ ...mail, raw });
      if (failed('TAKEN')) return true;
      mails.push({ ...mail, raw });
      say('250 taken');
      return true;
    };
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('latin1');
      for (;;) {
        if (isData) {
          if (!takeData()) return;
          continue;
        }
        const end = buffered.indexOf('\r\n');
        if (end < 0) return;
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        command(line);
      }
    });
    say('220 smtp.test');
  }

  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    commands,
    failNext: (verb, how) => failures.set(verb, how),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface ReadMail {
  /** Lower-case names; a header that stands there twice is an error. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

function splitHead(raw: string): { headers: Map<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const headers = new Map<string, string>();
  for (const line of raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const [, name = '', value = ''] = /^([\w-]+): (.*)$/.exec(line) ?? [];
    if (name === '' || headers.has(name.toLowerCase())) throw new Error(`header: ${line}`);
    headers.set(name.toLowerCase(), value);
  }
  return { headers, body: raw.slice(end + 4) };
}

function decoded(encoding: string | undefined, body: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return Buffer.from(body, 'latin1').toString();
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/** MIME as far as a mail of two forms needs it: exactly a text and an HTML part, nothing attached. */
export function readMail({ raw }: Mail): ReadMail {
  const { headers, body } = splitHead(raw);
  const [, boundary = ''] =
    /^multipart\/alternative; *boundary="([^"]+)"$/.exec(headers.get('content-type') ?? '') ?? [];
  if (boundary === '') throw new Error('not multipart/alternative');
  const pieces = body.split(`--${boundary}`);
  if (pieces.length !== 4 || pieces[3]?.trim() !== '--') throw new Error('not two parts');
  const [text, html] = pieces.slice(1, 3).map((piece) => {
    const part = splitHead(piece.replace(/^\r\n/, ''));
    const content = decoded(part.headers.get('content-transfer-encoding'), part.body);
    return { type: part.headers.get('content-type'), content: content.replaceAll('\r\n', '\n') };
  });
  if (text?.type !== 'text/plain; charset=utf-8' || html?.type !== 'text/html; charset=utf-8')
    throw new Error('not a text and an HTML part');
  return { headers, text: text.content, html: html.content };
}
