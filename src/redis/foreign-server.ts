import { connect, type NetConnectOpts } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { within } from '../system/wait.ts';

/** Milliseconds that a server may take to accept a connection and to answer. */
const timeout = 1000;

/** The request of a PostgreSQL client for TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const postgresRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** A request that most text protocols answer, if only with an error. */
const plainRequest = Buffer.from('PING\r\n\r\n');

interface ForeignServer {
  /** as in "the server is …" */
  name: string;
  /** where it may be the right server with the wrong protocol */
  remedy?: string;
}

const tlsServer = { name: 'a server that speaks TLS', remedy: 'Use rediss:// in its address instead of redis://.' };
const plainRedis = {
  name: 'a Redis without TLS on that port',
  remedy: 'Use redis:// in its address instead of rediss://, or name the port for TLS.',
};

/** First bytes of an answer, and the server that starts so. */
const servers: [RegExp, ForeignServer][] = [
  [/^HTTP\/|^</, { name: 'an HTTP server' }],
  [/^SSH-/, { name: 'an SSH server' }],
  // after three bytes of length and two numbers
  [/^.{5}\d+\.\d+.*(mysql|MariaDB|caching_sha2)/s, { name: 'MySQL' }],
  [/^ERROR\r\n/, { name: 'memcached' }],
];

/**
 * Recognises a server that does not answer as Redis does.
 * @param where host and port, or the path of a socket
 * @param tls whether the client used TLS
 * @returns undefined where the server is unknown, for example behind a proxy during an outage
 */
export async function foreignServer(where: NetConnectOpts, tls: boolean): Promise<ForeignServer | undefined> {
  const answer = await firstAnswer(where, plainRequest);
  // an alert, see RFC 8446, 5.1
  if (answer.startsWith('\x15\x03')) return tls ? undefined : tlsServer;
  if (/^[+-]/.test(answer)) return tls ? plainRedis : undefined;
  if (answer !== '') return servers.find(([pattern]) => pattern.test(answer))?.[1];
  if (/^[SN]$/.test(await firstAnswer(where, postgresRequest))) return { name: 'PostgreSQL' };
  return !tls && (await speaksTls(where)) ? tlsServer : undefined;
}

/** Also true for a server that wants a certificate. */
async function speaksTls(where: NetConnectOpts): Promise<boolean> {
  // sends only the TLS handshake
  const socket = connectByTls({ ...where, rejectUnauthorized: false });
  const handshake = new Promise<boolean>((resolve) => {
    socket.once('secureConnect', () => resolve(true));
    socket.once('error', ({ message }) => resolve(/alert/.test(message)));
    socket.once('close', () => resolve(false));
  });
  const speaks = await within(handshake, timeout);
  socket.destroy();
  return speaks ?? false;
}

/** @returns one character for each byte; empty where the server does not answer */
function firstAnswer(where: NetConnectOpts, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(where, () => socket.write(request));
    const end = (answer: Buffer | undefined) => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer?.toString('latin1') ?? '');
    };
    const late = setTimeout(end, timeout, undefined);
    socket.once('data', end);
    socket.once('error', () => end(undefined));
    socket.once('close', () => end(undefined));
  });
}
