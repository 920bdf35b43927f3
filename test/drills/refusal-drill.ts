import type { Edge } from '../helpers/edge.ts';
import { nobodysPath, type Operation, pathOf } from './api-document.ts';
import type { Drill } from './drill.ts';
import { quantileOf } from './load.ts';
import { bankForDrills, documentOf, isOfTheService, strangerFor } from './swap-drill.ts';

const looksTwice = 'what another bank has is looked at twice';
/** Of the median times of a name that another bank has and of one that nobody has. */
const [ratioMin, ratioMax] = [0.8, 1.25];

/** Everything that a service asks of its stores and neighbours, in order, while it answers. */
function listenTo(edge: Edge): { said: string[] } {
  const heard: { said: string[] } = { said: [] };
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null;
  for (const [name, part] of Object.entries(edge.deps)) {
    if (!isObject(part) || name === 'clock' || name === 'random') continue;
    for (const [method, call] of Object.entries(part)) {
      if (typeof call !== 'function' || !Object.getOwnPropertyDescriptor(part, method)?.writable)
        continue;
      part[method] = (...input: unknown[]) => {
        heard.said.push(`${name}.${method}`);
        return call.apply(part, input);
      };
    }
  }
  return heard;
}

interface Door {
  readonly operation: Operation;
  /** Of the bank's, behind which there is something. */
  readonly theirs: string;
  readonly nobodys: string;
  readonly token: string;
}

/** Doors to read at, each with a name that opens it to its owner, and a stranger's token. */
async function openDoors(edge: Edge, names: readonly string[]): Promise<readonly Door[]> {
  const { operations } = await documentOf(edge);
  const doors: Door[] = [];
  for (const operation of operations) {
    const isRead = operation.method === 'GET' && /\{(id|serial)\}/.test(operation.path);
    const stranger = isRead && !isOfTheService(operation) && (await strangerFor(edge, operation));
    if (!stranger) continue;
    for (const name of names) {
      const theirs = pathOf(operation, (parameter) => (parameter === 'which' ? 'query' : name));
      if (!(await edge.call(theirs, { as: operation.as })).ok) continue;
      doors.push({ operation, theirs, nobodys: nobodysPath(operation), token: stranger.token });
      break;
    }
  }
  return doors;
}

const median = (times: readonly number[]) => quantileOf(times, 0.5);

/**
 * A2: a refusal tells by its time no more than by its words. What decides is counted: the service
 * asks its stores the same for a name that another bank has and for one that nobody has. The times
 * are taken by turns, and their ratio is judged in the long form.
 */
export const refusals: Drill = {
  id: 'A2',
  name: 'refusal-timing',
  target:
    'the same questions to the stores for a name of another bank and for one of nobody; median times within 0.8 to 1.25 of each other (judged in the long form)',
  plants: [looksTwice],
  async run({ isLong, plant }) {
    const { edge, names } = await bankForDrills();
    const doors = await openDoors(edge, names);
    const heard = listenTo(edge);
    const faults: string[] = [];
    const ratios: number[] = [];
    let same = 0;
    for (const { operation, theirs, nobodys, token } of doors) {
      const headers = { authorization: `Bearer ${token}` };
      const knock = async (path: string) => {
        heard.said = [];
        const begun = performance.now();
        await (await edge.call(path, { as: null, headers })).text();
        if (plant && path === theirs) await edge.call(path, { as: null, headers });
        return { ms: performance.now() - begun, said: heard.said.join(' ') };
      };
      const [one, other] = [await knock(theirs), await knock(nobodys)];
      if (one.said === other.said) same += 1;
      else faults.push(`${operation.key} asks ${one.said}, for nobody's ${other.said}`);
      const times: { own: number[]; nobodys: number[] } = { own: [], nobodys: [] };
      for (let round = 0; round < (isLong ? 400 : 10); round++) {
        times.own.push((await knock(theirs)).ms);
        times.nobodys.push((await knock(nobodys)).ms);
      }
      const ratio = median(times.own) / median(times.nobodys);
      ratios.push(ratio);
      if (isLong && (ratio < ratioMin || ratio > ratioMax))
        faults.push(`${operation.key}: ${ratio.toFixed(2)} times as long`);
    }
    if (doors.length < 10) faults.push(`only ${doors.length} doors had something behind them`);
    const range = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    return {
      measured: `${same} of ${doors.length} doors ask their stores the same; ratio of the median times ${range.join(' to ')}, in the middle ${median(ratios).toFixed(2)}`,
      faults,
    };
  },
};
