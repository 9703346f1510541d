import { run } from '../src/cli/program.ts';

await run(['observer', ...process.argv.slice(2)]);
