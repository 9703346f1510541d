import { createHash, randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { createLogger } from '../kernel/logger.ts';
import { runnerRules } from '../redis/acl.ts';
import { askServer } from '../redis/ask-server.ts';
import { connectRedis } from '../redis/connect.ts';
import { knowsReadOnlyKeys } from '../redis/server.ts';
import type { CommandFile } from './command.ts';
import { asTyped } from './invocation.ts';
import { configOf } from './options.ts';
import { redisAddress } from './redis-address.ts';
import { print } from './terminal.ts';

export function redisAclCommand(program: Command): CommandFile {
  const command = program
    .command('redis-acl')
    .summary('a user of Redis for runners alone')
    .description(
      'Makes the rights of a user of Redis with whom runners can do their work and no more: not read commits, not change settings, not empty the server. It prints the line for redis.conf or an ACL file, and what runners join with; with --apply the server has the user at once, until it restarts.',
    )
    .option('--user <name>', 'name of the user', 'volt-runner')
    .option('--apply', 'give it to the server now')
    .action(async ({ user, apply }: { user: string; apply?: boolean }) => {
      const config = configOf(command);
      const password = randomBytes(24).toString('base64url');
      const digest = `#${createHash('sha256').update(password).digest('hex')}`;
      const { url } = redisAddress(config);
      const logger = createLogger(config.logLevel);
      // the line for a file is of use without a server, too
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
      ['volt redis-acl', 'the line for redis.conf, and how runners join'],
      ['volt redis-acl --apply', 'and the server has the user at once'],
    ],
  };
}
