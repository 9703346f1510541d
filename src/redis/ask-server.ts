import type { Redis } from 'ioredis';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../system/wait.ts';
import { foreignServer } from './foreign-server.ts';
import { openProbe } from './probe.ts';
import { missingRights, type Needs } from './rights.ts';
import { type ServerFacts, serverFacts } from './server.ts';
import { parseRedisUrl, type RedisAddress, withoutPassword } from './url.ts';

/**
 * So many looks (milliseconds between them) without an answer, and it is said that a server is being waited for. They are
 * counted, since a process that is held up itself, as by loading its modules, is not waiting for anybody.
 */
const silence = { looks: 10, interval: 100 };
/** Milliseconds between words about a server that loads its data. */
const progressInterval = 5000;

/**
 * What the server says of itself. While it does not answer that is logged, so that nobody waits without knowing for
 * what. One that loads its data is waited for as long as it does that, however large they are.
 * @param patience milliseconds to keep trying while nothing answers; 0 for one try, which waits for no data either
 * @param needs what its user is to be allowed
 * @throws VoltError `redis_unreachable`, `redis_denied`, `redis_untrusted`, `redis_unknown`, `redis_unfit`, `bad_url`
 */
export async function askServer(url: string, logger: Logger, patience: number, needs?: Needs): Promise<ServerFacts> {
  let until = Date.now() + patience;
  let said = 0;
  const where = `Redis at ${withoutPassword(url)}`;
  let looks = 0;
  const saying = setInterval(() => {
    if (++looks === silence.looks) logger.warn(`${where} does not answer; trying for ${patience / 1000} s`);
  }, silence.interval);
  try {
    for (;;) {
      const answer = await tryServer(url, needs);
      if (typeof answer !== 'string' && !answer.loading) return answer;
      if (typeof answer !== 'string' && patience > 0) {
        until = Date.now() + patience;
        clearInterval(saying);
        if (Date.now() - said > progressInterval) {
          const { percent = 0, secondsLeft = 0 } = answer.progress ?? {};
          logger.warn(`${where} loads its data: ${Math.floor(percent)} %, about ${secondsLeft} s left; waiting for it`);
          said = Date.now();
        }
      } else if (Date.now() > until) {
        const why = typeof answer === 'string' ? answer : 'it still loads its data';
        throw new VoltError('redis_unreachable', `${where} cannot be reached: ${why}`, {
          remedy: 'Start the server, or correct VOLT_REDIS_URL or --redis.',
        });
      }
      await pause(200);
    }
  } finally {
    clearInterval(saying);
  }
}

/** Nobody listens at such an address, or it leads nowhere. */
const unanswered = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What Node says of a certificate that it does not trust, and what a server says that wants one of the client. */
const untrusted = /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET|VERIFY)|ERR_TLS_CERT)/;
const certificateWanted =
  /ALERT_(CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/;

/** One try. @returns what the server says of itself, or why it could not be asked */
async function tryServer(url: string, needs: Needs | undefined): Promise<ServerFacts | string> {
  const address = parseRedisUrl(url);
  // an address that swallows everything must not make the wait longer than it may be
  const probe = openProbe(address, 3000, { commandTimeout: 3000 });
  let failure: Error | undefined;
  probe.on('error', (error) => {
    failure = error;
  });
  let masterUnknown = false;
  probe.on('sentinelError', (error) => {
    // said by a sentinel itself, or by ioredis where it names no server
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
    const said = /NOAUTH|WRONGPASS|NOPERM/.test(errorText(error)) ? error : (failure ?? error);
    await throwLasting(said, address, url);
    return errorText(said);
  } finally {
    probe.disconnect();
  }
}

/** Throws what will not go by itself. */
async function throwLasting(error: unknown, address: RedisAddress, url: string): Promise<void> {
  const [text, code] = [errorText(error), systemCode(error) ?? ''];
  const where = `Redis at ${withoutPassword(url)}`;
  if (text.includes('NOPERM')) throw notAllowed(url, ['+info']);
  if (/NOAUTH|WRONGPASS/.test(text)) {
    throw new VoltError('redis_denied', `${where} refuses the password: ${text}`, {
      remedy: 'Give the right user and password in VOLT_REDIS_URL or --redis.',
    });
  }
  if (untrusted.test(code)) {
    throw new VoltError('redis_untrusted', `the certificate of ${where} is not trusted: ${text}`, {
      remedy: 'Name the certificate of the authority that signed it: rediss://…?ca=/path/ca.pem; or correct the host.',
    });
  }
  if (certificateWanted.test(code)) {
    throw new VoltError('redis_untrusted', `${where} does not take the certificate of this client: ${text}`, {
      remedy:
        'Name a certificate and its key that the server trusts: rediss://…?cert=/path/cert.pem&key=/path/key.pem.',
    });
  }
  if (unanswered.has(code) || address.sentinels) return;
  const place =
    address.path === undefined ? { host: address.host, port: Number(address.port) } : { path: address.path };
  const { name, remedy } = (await foreignServer(place, address.tls !== undefined)) ?? {};
  if (name === undefined && !/Protocol error|Unknown RESP type/.test(text)) return;
  throw new VoltError('redis_unknown', `what answers at ${withoutPassword(url)} is ${name ?? `no Redis: ${text}`}`, {
    remedy: remedy ?? 'Correct VOLT_REDIS_URL or --redis; something else listens on that port.',
  });
}

/** @param missing rules of ACL SETUSER */
function notAllowed(url: string, missing: readonly string[]): VoltError {
  const user = parseRedisUrl(url).username ?? 'default';
  const message = `Redis at ${withoutPassword(url)} does not let its user "${user}" do what Volt needs: it lacks ${missing.join(' ')}`;
  return new VoltError('redis_denied', message, {
    remedy: `Give it these rights: ACL SETUSER ${user} ${missing.join(' ')}`,
  });
}

/**
 * Makes sure that the server has the database that the address names: ioredis selects it, too, but goes on in database 0
 * where that fails, and would meet there whatever was to be kept apart.
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
        'Name one that it has (by default 0 to 15) in VOLT_REDIS_URL or --redis, or raise "databases" in its settings.',
      cause: error,
    });
  }
}
