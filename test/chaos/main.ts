import { errorText } from '../../src/kernel/errors.ts';
import { currentBundle } from '../support/bundle.ts';
import { chaos } from './chaos.ts';
import { type CommandLine, parseCommandLine, usage } from './options.ts';
import { asJson, table } from './table.ts';

function commandLine(): CommandLine | 'help' {
  try {
    return parseCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`${errorText(error)}\n\n${usage}`);
    process.exit(2);
  }
}

async function main(given: CommandLine): Promise<void> {
  const { minutes, seed, from, kinds, json, keep } = given;
  await currentBundle();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}; the fleet has been ended, too`)));
  const again = `npm run chaos -- --minutes ${minutes} --seed ${seed} --kinds ${kinds.join(',')}${from ? ` --from ${from}` : ''}`;
  console.error(again);
  const result = await chaos({
    ...{ minutes, seed, from, kinds, keep },
    say: (line) => console.error(line),
    signal: interrupted.signal,
  });
  console.log(json ? asJson(result, { minutes, seed, kinds }) : table(result));
  if (keep) console.error(`logs, evidence and data are in ${result.folder}`);
  if (result.breaches.length === 0) return;
  console.error(`${result.breaches.length} breaches. To see them again: ${again}`);
  process.exitCode = 1;
}

const given = commandLine();
if (given === 'help') console.log(usage);
else
  await main(given).catch((error) => {
    console.error(errorText(error));
    process.exitCode = 1;
  });
