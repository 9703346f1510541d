import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { storedUse } from '../../job/storage/least-recently-used.ts';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { recordFile } from '../../record/address.ts';
import { inspectNamed } from '../../record/inspect.ts';
import { dataDirectoryHolder } from '../../record/lock.ts';
import { schemaVersion } from '../../record/migrations.ts';
import { diskOf, shortfall } from '../../system/disk.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const restore = 'Check the disk and the system log first, then restore a backup with `volt restore`.';

/** Checks the data directory, its disk, what is kept on it of installations, and the database in it. */
export async function dataFindings(config: Config): Promise<Finding[]> {
  return [
    await directoryFinding(config),
    await diskFinding(config),
    await installsFinding(config),
    await recordFinding(config),
  ];
}

async function directoryFinding({ dataDir }: Config): Promise<Finding> {
  const remedy = 'Give this user the right to write there, or name another one by --data or VOLT_DATA_DIR.';
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    if (folder !== dataDir) return ok('data directory', `${dataDir} does not exist yet; the first start creates it`);
    const holder = await dataDirectoryHolder(dataDir);
    return ok('data directory', `${dataDir} is writable${holder === undefined ? '' : `, in use by ${holder}`}`);
  } catch (error) {
    return fail('data directory', `${dataDir} is not writable: ${errorText(error)}`, remedy);
  }
}

async function diskFinding(config: Config): Promise<Finding> {
  const disk = await diskOf(config.dataDir);
  if (!disk) return warn('disk', 'the free disk space is unknown', 'Check that the data directory is reachable.');
  const space = `${sizeText(disk.free)} of ${sizeText(disk.total)} free`;
  const missing = shortfall(disk, config);
  if (missing === 0) return ok('disk', space);
  const remedy = 'Free disk space: `volt prune` removes what is older than the settings keep.';
  return fail('disk', `${space}, ${sizeText(missing)} less than VOLT_DISK_FLOOR requires`, remedy);
}

async function installsFinding({ dataDir, installLimit }: Config): Promise<Finding> {
  const { count, bytes } = await storedUse(dataPaths(dataDir).installs);
  const used = `${count} ${count === 1 ? 'takes' : 'take'} ${sizeText(bytes)}`;
  return ok('kept installs', `${used}; VOLT_INSTALL_LIMIT allows ${sizeText(installLimit * 1_073_741_824)}`);
}

async function recordFinding(config: Config): Promise<Finding> {
  try {
    const { where, found } = await inspectNamed(config);
    if (found === undefined) return ok('database', `${where} does not exist yet; the first start creates it`);
    const [fault] = found.faults;
    if (fault !== undefined) return fail('database', `${where} is damaged: ${fault}`, restore);
    if (found.schemaVersion > schemaVersion) {
      const message = `${where} has schema version ${found.schemaVersion}; this Volt supports ${schemaVersion}`;
      return fail('database', message, 'Use the newer Volt that wrote it, or restore an older backup.');
    }
    return ok('database', `${where} is undamaged, ${sizeText(found.bytes)}, schema version ${found.schemaVersion}`);
  } catch (error) {
    if (error instanceof VoltError) return fail('database', error.message, error.remedy);
    return fail('database', `${recordFile(config)} is not a readable database: ${errorText(error)}`, restore);
  }
}
