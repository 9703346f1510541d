import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { VoltError } from '../kernel/errors.ts';

/** Where a database is. */
export type DatabaseAddress = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string };

/**
 * The address of the database by the settings.
 * @throws VoltError `bad_setting`
 */
export function databaseAddress(config: Config): DatabaseAddress {
  const url = config.databaseUrl ?? `sqlite:${dataPaths(config.dataDir).record}`;
  if (/^postgres(ql)?:\/\//.test(url)) return { kind: 'postgres', url };
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
  if (path) return { kind: 'sqlite', file: resolve(path) };
  throw new VoltError('bad_setting', 'VOLT_DATABASE_URL names neither an SQLite file nor a PostgreSQL database', {
    remedy: 'Set it to sqlite:<path> or postgres://user:password@host/database, or leave it unset.',
  });
}

/** Whether there may be a database: an existing file, or a PostgreSQL database that the settings name. */
export function hasRecord(config: Config): boolean {
  const address = databaseAddress(config);
  return address.kind === 'postgres' || existsSync(address.file);
}

/**
 * The file of the SQLite database.
 * @throws VoltError `bad_setting`, `unsupported` for PostgreSQL
 */
export function recordFile(config: Config): string {
  const address = databaseAddress(config);
  if (address.kind === 'sqlite') return address.file;
  throw new VoltError('unsupported', 'the database is in PostgreSQL, which has its own tools for backups', {
    remedy:
      'Use pg_dump and pg_restore, and copy the data directory; "Backup and restore" in docs/operating.md has the steps.',
  });
}
