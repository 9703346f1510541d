import { connect, type NetConnectOpts } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { within } from '../system/wait.ts';

/** How long (ms) a server may take to accept a connection and to say something on it. */
const patience = 1000;

/** What a client of PostgreSQL sends to ask for TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const postgresQuestion = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** A question that most servers of lines of text answer, if only by saying that they do not understand it. */
const plainQuestion = Buffer.from('PING\r\n\r\n');

interface ForeignServer {
  /** as in "what answers is …" */
  name: string;
  /** where it may be the right server, spoken to in the wrong way */
  remedy?: string;
}

const tlsServer = { name: 'a server that speaks TLS', remedy: 'Write rediss:// in its address, in place of redis://.' };
const plainRedis = {
  name: 'a Redis that does not speak TLS on that port',
  remedy: 'Write redis:// in its address, in place of rediss://, or name the port for TLS.',
};

/** First bytes of an answer, and who begins so. */
const beginnings: [RegExp, ForeignServer][] = [
  [/^HTTP\/|^</, { name: 'an HTTP server' }],
  [/^SSH-/, { name: 'an SSH server' }],
  // after three bytes of length and two numbers
  [/^.{5}\d+\.\d+.*(mysql|MariaDB|caching_sha2)/s, { name: 'MySQL' }],
  [/^ERROR\r\n/, { name: 'memcached' }],
];

/**
 * What a server is that answers as no Redis at this address does; undefined where that cannot be told, as behind a proxy
 * whose own server is away.
 * @param where host and port, or the path of a socket
 * @param tls whether TLS was spoken with it
 */
export async function foreignServer(where: NetConnectOpts, tls: boolean): Promise<ForeignServer | undefined> {
  const said = await firstAnswer(where, plainQuestion);
  // an alert, see RFC 8446, 5.1
  if (said.startsWith('\x15\x03')) return tls ? undefined : tlsServer;
  if (/^[+-]/.test(said)) return tls ? plainRedis : undefined;
  if (said !== '') return beginnings.find(([pattern]) => pattern.test(said))?.[1];
  if (/^[SN]$/.test(await firstAnswer(where, postgresQuestion))) return { name: 'PostgreSQL' };
  return !tls && (await speaksTls(where)) ? tlsServer : undefined;
}

/** Whoever it is, and whether or not it wants a certificate. */
async function speaksTls(where: NetConnectOpts): Promise<boolean> {
  // nothing is sent but the greeting
  const socket = connectByTls({ ...where, rejectUnauthorized: false });
  const greeted = new Promise<boolean>((resolve) => {
    socket.once('secureConnect', () => resolve(true));
    socket.once('error', ({ message }) => resolve(/alert/.test(message)));
    socket.once('close', () => resolve(false));
  });
  const speaks = await within(greeted, patience);
  socket.destroy();
  return speaks ?? false;
}

/** @returns one character for each byte; empty where the server says nothing */
function firstAnswer(where: NetConnectOpts, question: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(where, () => socket.write(question));
    const end = (answer: Buffer | undefined) => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer?.toString('latin1') ?? '');
    };
    const late = setTimeout(end, patience, undefined);
    socket.once('data', end);
    socket.once('error', () => end(undefined));
    socket.once('close', () => end(undefined));
  });
}
