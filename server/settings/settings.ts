import { defaultEgressRules, parseDomainPattern, type EgressRules } from "#core/egress-rules.ts";
import { watchCollection, type Storage } from "#server/storage/index.ts";
import type { Settings } from "./index.ts";
import { egressModel } from "./models.ts";

const egressId = "egress";

/** Makes the settings domain; its collection exists when this resolves. */
export async function createSettings({ storage }: { storage: Storage }): Promise<Settings> {
  const model = egressModel(storage.connection);
  await model.createCollection();
  let egress: EgressRules = defaultEgressRules;

  let reads = 0;
  let newest = 0;
  const read = async (): Promise<void> => {
    const mine = (reads += 1);
    const found = await model.findById(egressId).lean<EgressRules>();
    // Answers to two reads may come in any order: the one that was asked later knows all that the other does.
    if (mine < newest) return;
    newest = mine;
    egress = found ? { domains: found.domains, ports: found.ports } : defaultEgressRules;
  };

  return {
    egress: () => egress,
    async putEgress(rules) {
      const domains = unique(rules.domains.flatMap((text) => parseDomainPattern(text) ?? []));
      const ports = unique(rules.ports);
      await model.updateOne({ _id: egressId }, { $set: { domains, ports, changedAt: new Date() } }, { upsert: true });
      newest = reads += 1;
      egress = { domains, ports };
      return egress;
    },
    async start(signal) {
      await read();
      void watchCollection(model as never, {
        replicated: storage.replicated,
        signal,
        onChange: (id) => (id === egressId ? read() : undefined),
        onHearing: read,
      });
    },
  };
}

const unique = <Item>(list: readonly Item[]): Item[] => [...new Set(list)];
