import { run } from '../src/cli/program.ts';

await run(['runner', ...process.argv.slice(2)]);
