import { errorText, VoltError } from '../kernel/errors.ts';
import type { Obstacle } from './engine.ts';

/**
 * Errors of PostgreSQL, by the codes of https://www.postgresql.org/docs/current/errcodes-appendix.html, and of the
 * connection to it.
 */

/** The connection was lost during a commit: whether it was committed is unknown. */
export class UncertainCommit extends VoltError {}

const waits = 'Stages go on by themselves when it is back. See whether the server runs and can be reached from here.';
const login = 'See user, password and database of VOLT_DATABASE_URL, and pg_hba.conf of the server.';

/** Classes and codes of errors that end a statement and not the next try. */
const away = /^(08|57P0[1-5]|25P0[34])/;
/** serialization_failure, deadlock_detected, unique_violation: another transaction was faster. */
const conflict = /^(40001|40P01|23505)$/;
/** lock_not_available, query_canceled, too_many_connections, out_of_memory and the like */
const busy = /^(55P03|57014|53300|53200|53400)$/;

/** @param address of the database without its password */
export function explainedError(error: unknown, address: string): unknown {
  if (error instanceof VoltError) return error;
  const code = stateOf(error);
  const said = errorText(error);
  const errorWith = (...[name, message, remedy]: [VoltError['code'], string, string]) =>
    new VoltError(name, message, { remedy, cause: error });
  if (code === undefined && /exceeded when trying to connect/.test(said)) {
    return errorWith(
      'record_busy',
      `all connections of this process to the database ${address} are in use`,
      'They are free again when slow requests have ended; VOLT_DATABASE_POOL allows more of them.',
    );
  }
  if (code === undefined) return isOfConnection(error) ? unreachable(address, error) : error;
  if (away.test(code)) return unreachable(address, error);
  if (busy.test(code)) {
    return errorWith(
      'record_busy',
      `the database ${address} does not answer in time: ${said}`,
      'See pg_stat_activity and pg_locks of the server; VOLT_DATABASE_POOL bounds the connections of each process.',
    );
  }
  if (/^28/.test(code)) return errorWith('record_denied', `the database ${address} refuses the login: ${said}`, login);
  if (code === '42501') {
    return errorWith(
      'record_denied',
      `the user lacks rights in the database ${address}: ${said}`,
      'Make the user the owner of the database: `ALTER DATABASE name OWNER TO user`.',
    );
  }
  if (code === '3D000') {
    return errorWith(
      'record_missing',
      `there is no database ${address}`,
      'Make it: `createdb --owner user name`; or correct VOLT_DATABASE_URL.',
    );
  }
  if (code === '53100') {
    return errorWith(
      'record_full',
      `the disk of the database ${address} is full`,
      'Free space there; Volt then continues by itself.',
    );
  }
  if (/^(58|25006)/.test(code)) {
    return errorWith(
      'record_failed',
      `the database ${address} cannot be written: ${said}`,
      'See the log of the server.',
    );
  }
  if (/^XX00[12]/.test(code)) {
    return errorWith(
      'record_damaged',
      `the database ${address} is damaged: ${said}`,
      'Restore a backup of the database.',
    );
  }
  return error;
}

/** Why a transaction may start again. */
export function obstacleOf(error: unknown, address: string): Obstacle | undefined {
  if (error instanceof UncertainCommit) return undefined;
  if (conflict.test(stateOf(error) ?? '')) {
    const busy = new VoltError('record_busy', `other transactions were always faster: ${errorText(error)}`, {
      remedy: 'Try again; see pg_stat_activity of the server if it lasts.',
      cause: error,
    });
    return { error: busy, pause: 2 + Math.random() * 20 };
  }
  const explained = explainedError(error, address);
  if (!(explained instanceof VoltError)) return undefined;
  if (explained.code === 'record_busy') return { error: explained, pause: 2 + Math.random() * 20 };
  if (explained.code === 'record_unreachable') return { error: explained, pause: 100 + Math.random() * 200 };
  return undefined;
}

/** Whether the database could not be reached. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof VoltError && error.code === 'record_unreachable';
}

/** Whether the connection was lost before the statement was sent, so that it had no effect. */
export function wasNeverSent(error: unknown): boolean {
  return error instanceof VoltError && /not queryable/.test(errorText(error.cause));
}

/** Whether the connection cannot be used after this error. */
export function isOfConnection(error: unknown): boolean {
  const code = stateOf(error);
  if (code !== undefined) return away.test(code);
  const { syscall, code: system, message = '' } = (error ?? {}) as NodeJS.ErrnoException;
  return (
    syscall !== undefined ||
    /^(ERR_TLS|ERR_SSL|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(system ?? '') ||
    /connection (terminated|timeout|error|ended)|read timeout|timeout expired|not queryable|SSL/i.test(message)
  );
}

function unreachable(address: string, error: unknown): VoltError {
  return new VoltError('record_unreachable', `the database ${address} cannot be reached: ${reasonOf(error)}`, {
    remedy: /ssl|tls|certificate|self.signed/i.test(reasonOf(error))
      ? 'See the sslmode and sslrootcert of VOLT_DATABASE_URL, and the certificate of the server.'
      : waits,
    cause: error,
  });
}

/** An error about several addresses that were tried has no message of its own. */
function reasonOf(error: unknown): string {
  const several = error instanceof AggregateError ? error.errors.map(errorText).join('; ') : '';
  return several || errorText(error);
}

function stateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return severity !== undefined && typeof code === 'string' ? code : undefined;
}
