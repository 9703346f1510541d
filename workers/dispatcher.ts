import { run } from '../src/cli/program.ts';

await run(['dispatcher', ...process.argv.slice(2)]);
