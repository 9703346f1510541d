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
 * Writes a backup of the database, the logs, test_results/, the artifacts on this machine, the token and the keys. Stages may run
 * during this: the database is copied at one moment, and logs only grow, so they contain at least what the copy says.
 * @param options `artifacts` false leaves out artifacts, often the largest part
 * @returns its size in bytes
 * @throws VoltError `not_found` without a database, `data_unwritable`
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
    for (const folder of [config.dataDir, dirname(file)]) await removeLeftovers(config, folder);
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
        filter: (path, entry) => isPlain(entry) && !isUnfinished(path) && !isLater(path, newest),
        onWriteEntry: (entry) => {
          entry.path = entry.path.replace(`${staged}/`, '');
        },
      },
      // the manifest first, so that it can be read without the rest
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

/**
 * A file with two names, such as a log that is also in test_results/, is written twice: a backup contains no links. So each
 * file gets a first name outside of the data directory, where tar makes no link to it. Without a first name tar would hold
 * the file back until its turn, and with some of them held back it waits for ever
 * (https://github.com/isaacs/node-tar/issues/460).
 */
class NoLinks extends Map<`${number}:${number}`, string> {
  override get(): string {
    return 'outside';
  }

  override set(): this {
    return this;
  }
}

/** Links could lead out of the data directory, and Volt itself creates none. */
function isPlain(entry: unknown): boolean {
  const { isFile, isDirectory } = entry as { isFile(): boolean; isDirectory(): boolean };
  return isFile.call(entry) || isDirectory.call(entry);
}

/** Whether it is a log or artifact of a build after the snapshot. */
function isLater(path: string, newest: number): boolean {
  const build = /^(?:logs|artifacts\/[^/]+)\/(\d+)/.exec(partOf(path) ?? '')?.[1];
  return build !== undefined && Number(build) > newest;
}

/** Whether it is an artifact that a job is still uploading. */
function isUnfinished(path: string): boolean {
  const [, name] = /^artifacts\/[^/]+\/[^/]+\/([^/]+)$/.exec(partOf(path) ?? '') ?? [];
  return name !== undefined && isDraft(name);
}
