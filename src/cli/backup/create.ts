import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as tar from 'tar';
import { isDraft } from '../../job/storage/stored-folder.ts';
import type { Config } from '../../kernel/config.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { version } from '../../kernel/version.ts';
import { recordFile } from '../../record/address.ts';
import { inspectRecord } from '../../record/inspect.ts';
import { snapshotRecord } from '../../record/snapshot.ts';
import { draftName, removeLeftovers } from './leftovers.ts';
import { backupFormat, kept, type Manifest, manifestName, partOf } from './manifest.ts';

/**
 * Writes a backup of the record, the logs, the files in test_results/, the artifacts that are on this machine, the token
 * and the keys. Stages may go on meanwhile: the record is as it is at one moment, and logs only grow, so they hold at least
 * what it says of them then.
 * @param options `artifacts` false leaves those out, which may be most of it
 * @returns its size in bytes
 * @throws VoltError `not_found` where there is no record, `data_unwritable`
 */
export async function createBackup(
  config: Config,
  target: string,
  { artifacts = true }: { artifacts?: boolean } = {},
): Promise<{ file: string; bytes: number }> {
  const record = recordFile(config);
  if (!existsSync(record)) {
    throw new VoltError('not_found', `there is no database at ${record}`, {
      remedy: 'Give the data directory of a Volt with --data or VOLT_DATA_DIR.',
    });
  }
  const file = resolve(target);
  const staged = draftName(config);
  const draft = join(dirname(file), `${staged}.tar`);
  const folder = join(config.dataDir, staged);
  try {
    for (const place of [config.dataDir, dirname(file)]) await removeLeftovers(config, place);
    await mkdir(folder, { mode: 0o700 });
    const newest = snapshotRecord(record, join(folder, 'volt.db'));
    await writeFile(join(folder, manifestName), JSON.stringify(manifestOf(config, join(folder, 'volt.db'))));
    const others = [...kept.files, ...kept.folders].filter(
      (name) => name !== 'volt.db' && (artifacts || name !== 'artifacts') && existsSync(join(config.dataDir, name)),
    );
    await tar.create(
      {
        cwd: config.dataDir,
        file: draft,
        mode: 0o600,
        gzip: true,
        portable: true,
        linkCache: new NoLinks(),
        filter: (path, entry) => isPlain(entry) && !isBegun(path) && !isLater(path, newest),
        onWriteEntry: (entry) => {
          entry.path = entry.path.replace(`${staged}/`, '');
        },
      },
      // the manifest first, so that it can be read without reading the rest
      [`${staged}/${manifestName}`, `${staged}/volt.db`, ...others],
    );
    await chmod(draft, 0o600);
    await rename(draft, file);
    return { file, bytes: (await stat(file)).size };
  } catch (error) {
    if (error instanceof VoltError) throw error;
    throw new VoltError('data_unwritable', `the backup could not be written: ${errorText(error)}`, {
      remedy: `Check that ${file} can be written, and that its disk and the disk of the data directory have free space.`,
      cause: error,
    });
  } finally {
    await rm(draft, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}

function manifestOf(config: Config, snapshot: string): Manifest {
  const { schemaVersion, recordId = '' } = inspectRecord(snapshot);
  return {
    ...{ volt: 'backup', format: backupFormat, version, schemaVersion, recordId },
    ...{ createdAt: new Date().toISOString(), host: config.host },
  };
}

/** A file of two names, as a log that is in test_results/ as well, is written as two: a backup holds no links. */
class NoLinks extends Map<`${number}:${number}`, string> {
  override set(): this {
    return this;
  }
}

/** Links could lead out of the data directory, and nothing of Volt's own is one. */
function isPlain(entry: unknown): boolean {
  const { isFile, isDirectory } = entry as { isFile(): boolean; isDirectory(): boolean };
  return isFile.call(entry) || isDirectory.call(entry);
}

/** Logs and artifacts of builds that were made after the snapshot. */
function isLater(path: string, newest: number): boolean {
  const build = /^(?:logs|artifacts\/[^/]+)\/(\d+)/.exec(partOf(path) ?? '')?.[1];
  return build !== undefined && Number(build) > newest;
}

/** An artifact that a job is still handing over. */
function isBegun(path: string): boolean {
  const [, name] = /^artifacts\/[^/]+\/[^/]+\/([^/]+)$/.exec(partOf(path) ?? '') ?? [];
  return name !== undefined && isDraft(name);
}
