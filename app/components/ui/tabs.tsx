import { Tabs as Primitive } from "@base-ui/react/tabs";
import { cn } from "./cn.ts";

type Styled<Props> = Omit<Props, "className"> & { className?: string };

export function Tabs({ className, ...props }: Styled<Primitive.Root.Props>) {
  return <Primitive.Root data-slot="tabs" className={cn("flex min-h-0 flex-col", className)} {...props} />;
}
export function TabsList({ className, children, ...props }: Styled<Primitive.List.Props>) {
  return (
    <Primitive.List data-slot="tabs-list" className={cn("relative flex shrink-0 items-center gap-1 border-b", className)} {...props}>
      {children}
      <Primitive.Indicator className="absolute -bottom-px left-0 h-0.5 w-(--active-tab-width) translate-x-(--active-tab-left) bg-primary transition-[translate,width] duration-150" />
    </Primitive.List>
  );
}
export function TabsTrigger({ className, ...props }: Styled<Primitive.Tab.Props>) {
  return (
    <Primitive.Tab
      data-slot="tabs-trigger"
      className={cn(
        "inline-flex h-9 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium whitespace-nowrap text-muted-foreground transition-colors outline-none select-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset data-active:text-foreground [&_svg:not([class*='size-'])]:size-4",
        className,
      )}
      {...props}
    />
  );
}
export function TabsContent({ className, ...props }: Styled<Primitive.Panel.Props>) {
  return (
    <Primitive.Panel
      data-slot="tabs-content"
      className={cn(
        "min-h-0 flex-1 rounded-md outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset",
        className,
      )}
      {...props}
    />
  );
}
