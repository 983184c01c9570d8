import { type ClientOptions, ExecutionProfile, type Host, policies, tracker } from "cassandra-driver";
import { isObject, member } from "./member.ts";

const { loadBalancing, speculativeExecution } = policies;

type LoadBalancing = policies.loadBalancing.LoadBalancingPolicy;
type Again = (policy: LoadBalancing) => LoadBalancing;
/** What the constructors of the driver keep of their arguments. */
interface Kept {
  readonly localDc: string;
  readonly childPolicy: LoadBalancing;
  readonly allowList: ReadonlyMap<string, true>;
  readonly _filter: (host: Host) => boolean;
  readonly _isHostNewlyUp: unknown;
  readonly _healthCheck: unknown;
  readonly _compare: unknown;
  readonly _getReplicas: unknown;
}

/** How each of the driver's own load balancing policies is made once more. */
const MAKERS = new Map<unknown, (kept: Kept, again: Again) => LoadBalancing>([
  [loadBalancing.RoundRobinPolicy, () => new loadBalancing.RoundRobinPolicy()],
  [
    loadBalancing.DCAwareRoundRobinPolicy,
    ({ localDc }) => new loadBalancing.DCAwareRoundRobinPolicy(localDc),
  ],
  [
    loadBalancing.TokenAwarePolicy,
    ({ childPolicy }, again) => new loadBalancing.TokenAwarePolicy(again(childPolicy)),
  ],
  [loadBalancing.AllowListPolicy, allowing(loadBalancing.AllowListPolicy)],
  [loadBalancing.WhiteListPolicy, allowing(loadBalancing.WhiteListPolicy)],
  [
    loadBalancing.DefaultLoadBalancingPolicy,
    ({ localDc, _filter, _isHostNewlyUp, _healthCheck, _compare, _getReplicas }) =>
      new loadBalancing.DefaultLoadBalancingPolicy({
        ...{ isHostNewlyUp: _isHostNewlyUp, healthCheck: _healthCheck },
        ...{ compare: _compare, getReplicas: _getReplicas },
        localDc,
        filter: _filter,
      }),
  ],
]);

/** What a session has had, of the kinds that serve one only. */
const used = new WeakSet<object>();

/**
 * The options for one more session. The driver ties load balancing policies and profiles to the hosts of a
 * session: with the same objects the next one would look for the hosts of the last, and find none. Profiles and
 * the driver's own policies are made once more. An object of another kind serves one session, and so does what
 * is told of the end of a session.
 *
 * @throws TypeError for the second session with such an object.
 */
export function freshPolicies(name: string, options: ClientOptions): ClientOptions {
  const made = new Map<LoadBalancing, LoadBalancing>();
  const fresh = (policy: LoadBalancing, path: string): LoadBalancing => {
    const again = made.get(policy) ?? remade(policy, (child) => fresh(child, path)) ?? once(policy, path);
    made.set(policy, again);
    return again;
  };
  const once = <T extends object>(object: T, path: string): T => {
    if (used.has(object)) throw new TypeError(notFresh(name, path));
    used.add(object);
    return object;
  };
  const { profiles, requestTracker, policies: given } = options;
  const speculative = given?.speculativeExecution;
  if (isTold(speculative, speculativeExecution.NoSpeculativeExecutionPolicy)) {
    once(speculative, "policies.speculativeExecution");
  }
  if (isTold(requestTracker, tracker.RequestLogger)) once(requestTracker, "requestTracker");
  const balancing = given?.loadBalancing;
  return {
    ...options,
    ...(isObject(balancing) && {
      policies: { ...given, loadBalancing: fresh(balancing, "policies.loadBalancing") },
    }),
    ...(Array.isArray(profiles) && {
      profiles: profiles.map((profile: ExecutionProfile, index) => {
        const own = profile.loadBalancing;
        const path = `profiles[${index}].loadBalancing`;
        return new ExecutionProfile(profile.name, {
          ...profile,
          ...(isObject(own) && { loadBalancing: fresh(own, path) }),
        });
      }),
    }),
  };
}

/** Undefined for a policy of another kind, and for one whose methods are its own. */
function remade(policy: LoadBalancing, again: Again): LoadBalancing | undefined {
  const isChanged = Object.entries(policy).some(
    ([key, value]) => typeof value === "function" && !key.startsWith("_"),
  );
  return isChanged ? undefined : MAKERS.get(policy.constructor)?.(policy as unknown as Kept, again);
}

function allowing(List: typeof loadBalancing.AllowListPolicy) {
  return ({ childPolicy, allowList }: Kept, again: Again): LoadBalancing =>
    new List(again(childPolicy), [...allowList.keys()]);
}

/** Whether it does something of its own when a session begins or ends. */
function isTold<T extends object>(
  object: T | null | undefined,
  driversOwn: { readonly prototype: object },
): object is T {
  const methods = ["init", "shutdown"];
  return (
    isObject(object) &&
    methods.some((method) => member(object, method) !== member(driversOwn.prototype, method))
  );
}

function notFresh(name: string, path: string): string {
  return (
    `Expected \`${name}.${path}\` to be another object for each session, since it keeps what it knows of one, ` +
    `and sessions are replaced after an outage: give \`${name}\` as a function that makes it`
  );
}
