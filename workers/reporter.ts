import { run } from '../src/cli/program.ts';

await run(['reporter', ...process.argv.slice(2)]);
