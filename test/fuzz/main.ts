/** Tests invariants with random inputs: `npm run fuzz`; `--help` lists the options. */
import { Command } from 'commander';
import { errorText } from '../../src/kernel/errors.ts';
import { attempt } from './target.ts';
import { targets } from './targets/index.ts';

const program = new Command('fuzz')
  .description('Tries, with inputs by chance, what must hold whatever comes. The test suite does so for a few seconds.')
  .argument('[names...]', `what is tried, else everything: ${targets.map(({ name }) => name).join(', ')}`)
  .option('--minutes <minutes>', 'how long, shared by all that is tried', Number, 1)
  .option('--seed <number>', 'what is tried follows from it', Number, Date.now() % 1_000_000_000)
  .parse();
const { minutes, seed } = program.opts<{ minutes: number; seed: number }>();
const unknown = program.args.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0) program.error(`there is nothing named ${unknown.join(', ')}; see --help`);

const chosen = targets.filter(({ name }) => program.args.length === 0 || program.args.includes(name));
console.log(`seed ${seed}`);
for (const target of chosen) {
  try {
    const runs = await attempt(target, seed, (60 * minutes) / chosen.length);
    console.log(`✔ ${target.name}: ${runs} inputs`);
  } catch (error) {
    console.log(`✘ ${target.name}: ${target.holds}\n${errorText(error)}`);
    process.exitCode = 1;
  }
}
