import type { Redis } from 'ioredis';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../system/wait.ts';
import { foreignServer } from './foreign-server.ts';
import { openProbe } from './probe.ts';
import { missingRights, type Needs } from './rights.ts';
import { type ServerFacts, serverFacts } from './server-facts.ts';
import { parseRedisUrl, type RedisAddress, withoutPassword } from './url.ts';

/**
 * After so many checks (interval in milliseconds) without an answer, the log says that Volt waits for the server. Counted, since
 * elapsed time alone would include the time that this process is busy, for example loading modules.
 */
const silence = { checks: 10, interval: 100 };
/** Milliseconds between log lines about a server that loads its data. */
const progressInterval = 5000;

/**
 * Reads the facts about a server. Logs that it waits for a server that does not answer. Waits for a server that loads its data
 * for as long as that takes.
 * @param timeout milliseconds to keep trying while nothing answers; 0 for one try, which does not wait for loading either
 * @param needs rights that the user must have
 * @throws VoltError `redis_unreachable`, `redis_denied`, `redis_untrusted`, `redis_unknown`, `redis_unfit`, `bad_url`
 */
export async function askServer(url: string, logger: Logger, timeout: number, needs?: Needs): Promise<ServerFacts> {
  let until = Date.now() + timeout;
  let loggedAt = 0;
  const where = `Redis at ${withoutPassword(url)}`;
  let checks = 0;
  const reports = setInterval(() => {
    if (++checks === silence.checks) logger.warn(`${where} does not answer; trying for ${timeout / 1000} s`);
  }, silence.interval);
  try {
    for (;;) {
      const answer = await tryServer(url, needs);
      if (typeof answer !== 'string' && !answer.loading) return answer;
      if (typeof answer !== 'string' && timeout > 0) {
        until = Date.now() + timeout;
        clearInterval(reports);
        if (Date.now() - loggedAt > progressInterval) {
          const { percent = 0, secondsLeft = 0 } = answer.progress ?? {};
          logger.warn(`waiting for ${where} to load its data: ${Math.floor(percent)} %, about ${secondsLeft} s left`);
          loggedAt = Date.now();
        }
      } else if (Date.now() > until) {
        const why = typeof answer === 'string' ? answer : 'it is still loading its data';
        throw new VoltError('redis_unreachable', `${where} cannot be reached: ${why}`, {
          remedy: 'Start the server, or correct VOLT_REDIS_URL or --redis.',
        });
      }
      await pause(200);
    }
  } finally {
    clearInterval(reports);
  }
}

/** Nothing listens at the address, or there is no such address. */
const unanswered = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Codes of Node for a certificate that it does not trust, and of a server that wants a certificate of the client. */
const untrusted = /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET|VERIFY)|ERR_TLS_CERT)/;
const certificateRequired =
  /ALERT_(CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/;

/** Tries once. @returns the facts, or why the server could not be asked */
async function tryServer(url: string, needs: Needs | undefined): Promise<ServerFacts | string> {
  const address = parseRedisUrl(url);
  // an address that answers nothing must not exceed the timeout
  const probe = openProbe(address, 3000, { commandTimeout: 3000 });
  let failure: Error | undefined;
  probe.on('error', (error) => {
    failure = error;
  });
  let masterUnknown = false;
  probe.on('sentinelError', (error) => {
    // the first from a sentinel, the second from ioredis where a sentinel names no server
    masterUnknown ||= /No such master|invalid reply/.test(errorText(error));
  });
  try {
    await probe.connect();
    const missing = needs ? await missingRights(probe, needs) : [];
    if (missing.length > 0) throw notAllowed(url, missing);
    const facts = await serverFacts(probe);
    if (!facts.loading) await selectDatabase(probe, address, url);
    return facts;
  } catch (error) {
    if (error instanceof VoltError) throw error;
    if (masterUnknown) return `its sentinels know no master "${address.name}"`;
    const cause = /NOAUTH|WRONGPASS|NOPERM/.test(errorText(error)) ? error : (failure ?? error);
    await throwPermanent(cause, address, url);
    return errorText(cause);
  } finally {
    probe.disconnect();
  }
}

/** Throws errors that do not pass by themselves. */
async function throwPermanent(error: unknown, address: RedisAddress, url: string): Promise<void> {
  const [text, code] = [errorText(error), systemCode(error) ?? ''];
  const where = `Redis at ${withoutPassword(url)}`;
  if (text.includes('NOPERM')) throw notAllowed(url, ['+info']);
  if (/NOAUTH|WRONGPASS/.test(text)) {
    throw new VoltError('redis_denied', `${where} refuses the password: ${text}`, {
      remedy: 'Put the right user and password into VOLT_REDIS_URL or --redis.',
    });
  }
  if (untrusted.test(code)) {
    throw new VoltError('redis_untrusted', `the certificate of ${where} is not trusted: ${text}`, {
      remedy: 'Name the certificate of its authority: rediss://…?ca=/path/ca.pem, or correct the host.',
    });
  }
  if (certificateRequired.test(code)) {
    throw new VoltError('redis_untrusted', `${where} does not accept the certificate of this client: ${text}`, {
      remedy:
        'Name a certificate that the server trusts, and its key: rediss://…?cert=/path/cert.pem&key=/path/key.pem.',
    });
  }
  if (unanswered.has(code) || address.sentinels) return;
  const server =
    address.path === undefined ? { host: address.host, port: Number(address.port) } : { path: address.path };
  const { name, remedy } = (await foreignServer(server, address.tls !== undefined)) ?? {};
  if (name === undefined && !/Protocol error|Unknown RESP type/.test(text)) return;
  const what = name === undefined ? `does not answer as Redis: ${text}` : `is ${name}`;
  throw new VoltError('redis_unknown', `the server at ${withoutPassword(url)} ${what}`, {
    remedy: remedy ?? 'Correct VOLT_REDIS_URL or --redis; another program listens on that port.',
  });
}

/** @param missing rules of ACL SETUSER */
function notAllowed(url: string, missing: readonly string[]): VoltError {
  const user = parseRedisUrl(url).username ?? 'default';
  const message = `Redis at ${withoutPassword(url)} gives its user "${user}" too few rights: it lacks ${missing.join(' ')}`;
  return new VoltError('redis_denied', message, {
    remedy: `Give the user these rights: ACL SETUSER ${user} ${missing.join(' ')}`,
  });
}

/**
 * Makes sure that the server has the database that the address names: where ioredis cannot select it, it goes on in database 0,
 * which may hold another Volt.
 * @throws VoltError `redis_unfit`
 */
async function selectDatabase(probe: Redis, { db = 0 }: RedisAddress, url: string): Promise<void> {
  if (db === 0) return;
  try {
    await probe.select(db);
  } catch (error) {
    if (!/out of range|invalid DB index|not allowed in cluster mode/i.test(errorText(error))) throw error;
    throw new VoltError('redis_unfit', `Redis at ${withoutPassword(url)} has no database ${db}`, {
      remedy:
        'Name another one (by default 0 to 15) in VOLT_REDIS_URL or --redis, or raise "databases" in its settings.',
      cause: error,
    });
  }
}
