import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../kernel/config.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { recordFile } from '../../record/address.ts';
import { inspectNamed } from '../../record/inspect.ts';
import { dataDirectoryHolder } from '../../record/lock.ts';
import { schemaVersion } from '../../record/migrations.ts';
import { diskOf, shortfall } from '../../system/disk.ts';
import { size } from '../sizes.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const restore = 'Restore a backup by `volt restore`; see what the disk and the system log say first.';

/** The data directory, its disk, and the record in it. */
export async function dataFindings(config: Config): Promise<Finding[]> {
  return [await directoryFinding(config), await diskFinding(config), await recordFinding(config)];
}

async function directoryFinding({ dataDir }: Config): Promise<Finding> {
  const remedy = 'Give this user the right to write there, or name another one by --data or VOLT_DATA_DIR.';
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    if (folder !== dataDir) return ok('data directory', `${dataDir} is not there yet; the first start makes it`);
    const holder = await dataDirectoryHolder(dataDir);
    return ok('data directory', `${dataDir} can be written${holder === undefined ? '' : `, in use by ${holder}`}`);
  } catch (error) {
    return fail('data directory', `${dataDir} cannot be written: ${errorText(error)}`, remedy);
  }
}

async function diskFinding(config: Config): Promise<Finding> {
  const disk = await diskOf(config.dataDir);
  if (!disk) return warn('disk', 'the room on the disk cannot be told', 'See whether the data directory is reachable.');
  const room = `${size(disk.free)} of ${size(disk.total)} are free`;
  const missing = shortfall(disk, config);
  if (missing === 0) return ok('disk', room);
  const remedy = 'Free some room: `volt prune` removes what is older than the settings keep.';
  return fail('disk', `${room}, ${size(missing)} less than VOLT_DISK_FLOOR asks for`, remedy);
}

async function recordFinding(config: Config): Promise<Finding> {
  try {
    const { where, found } = await inspectNamed(config);
    if (found === undefined) return ok('record', `${where} is not there yet; the first start makes it`);
    const [fault] = found.faults;
    if (fault !== undefined) return fail('record', `${where} is damaged: ${fault}`, restore);
    if (found.schemaVersion > schemaVersion) {
      const message = `${where} has schema version ${found.schemaVersion}, this Volt knows ${schemaVersion}`;
      return fail('record', message, 'Start the newer Volt that wrote it, or restore a backup from before.');
    }
    return ok('record', `${where} is sound, ${size(found.bytes)}, schema version ${found.schemaVersion}`);
  } catch (error) {
    if (error instanceof VoltError) return fail('record', error.message, error.remedy);
    return fail('record', `${recordFile(config)} cannot be read as a record: ${errorText(error)}`, restore);
  }
}
