import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import * as tar from 'tar';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { recordFile } from '../../record/address.ts';
import { inspectRecord } from '../../record/inspect.ts';
import { lockDataDirectory } from '../../record/lock.ts';
import { schemaVersion } from '../../record/migrations.ts';
import { isRecordOpen, renewRecord } from '../../record/snapshot.ts';
import { backupFormat, kept, type Manifest, manifestName, manifestSchema, partOf } from './manifest.ts';

/**
 * Restores a backup, or a copy of the database alone, into the data directory. Unpacks and checks it in a separate folder before it
 * replaces anything; keeps the replaced files in a folder of their own.
 * @param options.force whether to replace an existing database
 * @returns the manifest, and the folder with the replaced files
 * @throws VoltError `bad_backup`, `record_newer`, `data_locked`, `data_not_empty`, `data_unwritable`
 */
export async function restoreBackup(
  config: Config,
  file: string,
  { force }: { force: boolean },
): Promise<{ manifest: Manifest; replaced: string | null }> {
  const release = await lockDataDirectory(config.dataDir, `volt restore, process ${process.pid}`);
  const unpacked = join(config.dataDir, `.restore-${process.pid}`);
  try {
    const record = recordFile(config);
    refuseUse(record);
    if (!force) refuseContents(config, record);
    await mkdir(unpacked, { mode: 0o700 });
    const manifest = (await isDatabase(file)) ? await takeCopy(file, unpacked) : await unpack(file, unpacked);
    return { manifest, replaced: await moveToDataDirectory(config, record, unpacked) };
  } finally {
    // files of a broken archive may still be written for some milliseconds
    await rm(unpacked, { recursive: true, force: true, maxRetries: 5 });
    release();
  }
}

function refuseUse(record: string): void {
  if (!existsSync(record) || !isRecordOpen(record)) return;
  throw new VoltError('data_locked', `the database ${record} is in use`, {
    remedy: 'Stop all stages that use it.',
  });
}

function refuseContents({ dataDir }: Config, record: string): void {
  const found = [...kept.files, ...kept.folders, 'redis'].map((name) => join(dataDir, name)).find(existsSync);
  if (found === undefined && !existsSync(record)) return;
  throw new VoltError('data_not_empty', `the data directory is not empty: ${found ?? record} exists`, {
    remedy: 'Restore into another --data, or use --force: it moves the existing data into a folder and keeps it.',
  });
}

/** The first bytes of an SQLite file, see https://sqlite.org/fileformat.html */
const databaseHead = 'SQLite format 3\0';

async function isDatabase(file: string): Promise<boolean> {
  const opened = await open(file, 'r').catch(() => undefined);
  if (!opened) return false;
  try {
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(databaseHead.length), 0, databaseHead.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === databaseHead;
  } catch {
    return false;
  } finally {
    await opened.close();
  }
}

/** Takes a copy of the database from before a migration, see record/copies.ts. */
async function takeCopy(file: string, folder: string): Promise<Manifest> {
  const record = join(folder, 'volt.db');
  await copyFile(file, record);
  checkRecord(file, record);
  const { schemaVersion: found, recordId } = inspectRecord(record);
  if (found > schemaVersion) throw newer(file, `of schema version ${found}`);
  const { mtime } = await stat(file);
  const about = { version: `of schema version ${found}`, host: 'this machine', createdAt: mtime.toISOString() };
  return { volt: 'backup', format: backupFormat, schemaVersion: found, recordId: recordId ?? '', ...about };
}

/** Extracts only plain files and folders of a backup, whatever else the archive contains. */
async function unpack(file: string, folder: string): Promise<Manifest> {
  let foreign: string | undefined;
  try {
    await tar.extract({
      file,
      cwd: folder,
      strict: true,
      preserveOwner: false,
      filter: (path, entry) => {
        const type = 'type' in entry ? entry.type : undefined;
        const belongs = (type === 'File' || type === 'Directory') && partOf(path) !== undefined;
        if (!belongs) foreign ??= path;
        return belongs;
      },
    });
  } catch (error) {
    throw badBackup(file, errorText(error), error);
  }
  if (foreign !== undefined) {
    throw badBackup(file, `it holds ${JSON.stringify(foreign.slice(0, 200))}, which does not belong in a backup`);
  }
  const manifest = await readManifest(file, join(folder, manifestName));
  checkRecord(file, join(folder, 'volt.db'));
  return manifest;
}

async function readManifest(file: string, path: string): Promise<Manifest> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(text ?? ''));
  } catch {
    throw badBackup(file, 'it has no valid manifest');
  }
  if (manifest.format === backupFormat && manifest.schemaVersion <= schemaVersion) return manifest;
  throw newer(file, manifest.version);
}

function newer(file: string, version: string): VoltError {
  return new VoltError('record_newer', `${file} was written by Volt ${version}, which is newer than this one`, {
    remedy: `Restore it with Volt ${version} or newer.`,
  });
}

function checkRecord(file: string, record: string): void {
  let fault: string | undefined;
  try {
    fault = inspectRecord(record).faults[0];
  } catch (error) {
    fault = errorText(error);
  }
  if (fault !== undefined) throw badBackup(file, `its database is damaged: ${fault}`);
}

/** @returns the folder with the replaced files */
async function moveToDataDirectory(config: Config, record: string, unpacked: string): Promise<string | null> {
  const { root, redis } = dataPaths(config.dataDir);
  renewRecord(join(unpacked, 'volt.db'), existsSync(record) ? record : undefined);
  const suffix = `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  const replaced = join(root, suffix);
  let moved = 0;
  const replace = async (path: string) => {
    if (!existsSync(path)) return;
    // a database elsewhere may be on another disk, where rename(2) fails
    if (!path.startsWith(`${root}${sep}`)) return rename(path, `${path}.${suffix}`);
    if (moved++ === 0) await mkdir(replaced, { mode: 0o700 });
    await rename(path, join(replaced, basename(path)));
  };
  for (const path of [record, `${record}-wal`, `${record}-shm`]) await replace(path);
  // the Redis of `volt up` belongs to the replaced database
  await replace(join(redis, 'appendonlydir'));
  await copyFile(join(unpacked, 'volt.db'), `${record}.draft`);
  await rename(`${record}.draft`, record);
  for (const name of await readdir(unpacked)) {
    if (name === manifestName || name === 'volt.db') continue;
    await replace(join(root, name));
    await rename(join(unpacked, name), join(root, name));
  }
  return moved > 0 ? replaced : null;
}

function badBackup(file: string, why: string, cause?: unknown): VoltError {
  return new VoltError('bad_backup', `${file} cannot be restored: ${why}`, {
    remedy: 'Give a file that `volt backup` wrote, and check that it was copied completely.',
    ...(cause === undefined ? {} : { cause }),
  });
}
