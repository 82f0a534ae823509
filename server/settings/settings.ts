import { defaultEgressRules, parseDomainPattern, type EgressRules } from "#core/egress-rules.ts";
import { watchCollection, type Storage } from "#server/storage/index.ts";
import type { Settings } from "./index.ts";
import { egressModel, importsModel } from "./models.ts";

const egressId = "egress";
const importsId = "imports";

/** Makes the settings domain; its collection exists when this resolves. */
export async function createSettings({ storage }: { storage: Storage }): Promise<Settings> {
  const model = egressModel(storage.connection);
  const importModel = importsModel(storage.connection);
  await model.createCollection();
  const egress = createGroup<EgressRules>(defaultEgressRules, async () => {
    const found = await model.findById(egressId).lean<EgressRules>();
    return found ? { domains: found.domains, ports: found.ports } : null;
  });
  const imports = createGroup<readonly string[]>([], async () => {
    const found = await importModel.findById(importsId).lean<{ imports: string[] }>();
    return found?.imports ?? null;
  });
  const readAll = async (): Promise<void> => void (await Promise.all([egress.read(), imports.read()]));

  return {
    egress: egress.value,
    async putEgress(rules) {
      const domains = unique(rules.domains.flatMap((text) => parseDomainPattern(text) ?? []));
      const ports = unique(rules.ports);
      await model.updateOne({ _id: egressId }, { $set: { domains, ports, changedAt: new Date() } }, { upsert: true });
      return egress.put({ domains, ports });
    },
    imports: imports.value,
    async putImports(names) {
      const sorted = unique(names).toSorted();
      await importModel.updateOne({ _id: importsId }, { $set: { imports: sorted, changedAt: new Date() } }, { upsert: true });
      return imports.put(sorted);
    },
    async start(signal) {
      await readAll();
      void watchCollection(model as never, {
        replicated: storage.replicated,
        signal,
        onChange: (id) => (id === egressId ? egress.read() : id === importsId ? imports.read() : undefined),
        onHearing: readAll,
      });
    },
  };
}

/** One group of settings as it is known here. */
function createGroup<Value>(initial: Value, load: () => Promise<Value | null>) {
  let value = initial;
  let reads = 0;
  let newest = 0;
  return {
    value: () => value,
    async read(): Promise<void> {
      const mine = (reads += 1);
      const found = await load();
      // Answers to two reads may come in any order: the one that was asked later knows all that the other does.
      if (mine < newest) return;
      newest = mine;
      value = found ?? initial;
    },
    /** What was just written. */
    put(written: Value): Value {
      newest = reads += 1;
      return (value = written);
    },
  };
}

const unique = <Item>(list: readonly Item[]): Item[] => [...new Set(list)];
