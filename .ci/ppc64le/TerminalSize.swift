/// The request that asks a terminal for its size. Power's <asm/ioctls.h> makes it of a C type's size, which is no
/// macro that Swift imports.
public var TIOCGWINSZ: UInt { 0x4008_7468 }
