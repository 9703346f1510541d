import { run } from '../src/cli/program.ts';

await run(['web', ...process.argv.slice(2)]);
