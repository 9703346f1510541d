import { run } from '../src/cli/program.ts';

await run(['notifier', ...process.argv.slice(2)]);
