/// placeholder until the engine lands.
enum Placeholder {}
