import type { Group } from './command.ts';
import { evaluate } from './federation-evaluate.ts';
import { federationKeyCommands } from './federation-keys.ts';
import { scoringPolicyCommands } from './federation-policy.ts';
import { train } from './federation-train.ts';

export const federation: Group = {
  summary: 'one model over parties that do not show each other their rows',
  commands: { train, evaluate, ...federationKeyCommands, ...scoringPolicyCommands },
};
