import { createHash, randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { asTyped } from '../kernel/invocation.ts';
import type { CommandFile } from './command.ts';
import { configOf } from './options.ts';
import { redisAddress } from './redis-address.ts';
import { print } from './terminal.ts';

export function redisAclCommand(program: Command): CommandFile {
  const command = program
    .command('redis-acl')
    .summary('create a Redis user for runners')
    .description(
      'Makes a Redis user that can do what runners need and nothing else: it cannot read commits, change settings or empty the server. Prints the line for redis.conf or an ACL file, and the command that starts a runner with this user. --apply also adds the user to the running server, until it restarts.',
    )
    .option('--user <name>', 'name of the user', 'volt-runner')
    .option('--apply', 'add the user to the running server')
    .action(async ({ user, apply }: { user: string; apply?: boolean }) => {
      const [{ createLogger }, { runnerRules }, { askServer }, { connectRedis }, { knowsReadOnlyKeys }] =
        await Promise.all([
          import('../kernel/logger.ts'),
          import('../redis/acl.ts'),
          import('../redis/ask-server.ts'),
          import('../redis/connect.ts'),
          import('../redis/server-facts.ts'),
        ]);
      const config = configOf(command);
      const password = randomBytes(24).toString('base64url');
      const digest = `#${createHash('sha256').update(password).digest('hex')}`;
      const { url } = redisAddress(config);
      const logger = createLogger(config.logLevel);
      // the line for a file is useful even if no server answers
      const facts = await askServer(url, logger, 0).catch(() => undefined);
      const rules = runnerRules(config.redisPrefix, facts === undefined || knowsReadOnlyKeys(facts));
      if (apply) {
        const access = await connectRedis(config, url, logger);
        await access.client.call('ACL', 'SETUSER', user, 'reset', 'on', digest, ...rules);
        await access.close();
      }
      print(`user ${user} reset on ${digest} ${rules.join(' ')}`);
      const address = url.replace(/^(redis(?:s|\+sentinel)?:\/\/)(?:.*@)?/, `$1${user}:${password}@`);
      print(asTyped(`volt runner --redis ${address}`));
    });
  return {
    command,
    environment: ['VOLT_REDIS_URL', 'VOLT_REDIS_PREFIX', 'VOLT_DATA_DIR'],
    examples: [
      ['volt redis-acl', 'print the line for redis.conf and the command for runners'],
      ['volt redis-acl --apply', 'also add the user to the running server'],
    ],
  };
}
