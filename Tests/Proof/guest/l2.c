/*
 * Shows from inside an L1 that an L2 runs there: makes a KVM-HV machine, puts a few instructions and their input into its
 * memory, runs them until they hand the result over by a hypercall, and compares it with what the same sum is here.
 *
 * One line of output for each attempt, `virt-nest-proof: L2 …`. Exit status: 0 every sum was right, 1 something was not.
 * The interface is Documentation/virt/kvm/api.rst of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    memory_size = 16 << 20,
    code_address = 0x1000,
    data_address = 0x2000, /* also written into the code below */
    result_hypercall = 0xf100, /* a number that neither PAPR nor KVM uses, so that KVM_RUN hands it over to us */
};

/*
 * The program of the L2: adds input + (input - 1) + … + 1, stores the sum behind the input and reports it in r4.
 * It runs in real mode, so its addresses are those of the L2's memory.
 */
extern const char l2_program[], l2_program_end[];
asm(".pushsection .rodata\n"
    ".balign 4\n"
    "l2_program:\n"
    "    li 5,0x2000\n"
    "    ld 6,0(5)\n"
    "    mtctr 6\n"
    "    li 4,0\n"
    "1:  add 4,4,6\n"
    "    addi 6,6,-1\n"
    "    bdnz 1b\n"
    "    std 4,8(5)\n"
    "    li 3,0\n"
    "    ori 3,3,0xf100\n"
    "    .long 0x44000022\n" /* sc 1, which the assembler knows only for newer targets */
    "    b .\n"
    "l2_program_end:\n"
    ".popsection\n");

static int refused(const char *what)
{
    printf("virt-nest-proof: L2 refused: %s: %s\n", what, strerror(errno));
    return 1;
}

/* Says how far the L2 came where it stopped for another reason than its result. */
static int stopped(const struct kvm_run *run, const struct kvm_regs *registers)
{
    printf("virt-nest-proof: L2 stopped: exit reason %u, pc 0x%llx, msr 0x%llx\n", run->exit_reason,
           (unsigned long long)registers->pc, (unsigned long long)registers->msr);
    return 1;
}

/* The system frees what this leaves open: the process ends right after its last call. */
static int sum_in_l2(int kvm, uint64_t input)
{
    uint64_t expected = 0;
    for (uint64_t term = input; term > 0; term--)
        expected += term;

    int machine = ioctl(kvm, KVM_CREATE_VM, KVM_VM_PPC_HV);
    if (machine < 0)
        return refused("KVM_CREATE_VM(HV)");

    char *memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return refused("mmap of the L2's memory");
    memcpy(memory + code_address, l2_program, (size_t)(l2_program_end - l2_program));
    memcpy(memory + data_address, &input, sizeof input);

    struct kvm_userspace_memory_region region = {
        .memory_size = memory_size,
        .userspace_addr = (uintptr_t)memory,
    };
    if (ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return refused("KVM_SET_USER_MEMORY_REGION");

    /* Bit 63 of the process table repeats the radix flag; without it the call is refused. No table is read in real mode. */
    struct kvm_ppc_mmuv3_cfg mmu = {
        .flags = KVM_PPC_MMUV3_RADIX | KVM_PPC_MMUV3_GTSE,
        .process_table = UINT64_C(1) << 63,
    };
    if (ioctl(machine, KVM_PPC_CONFIGURE_V3_MMU, &mmu) < 0)
        return refused("KVM_PPC_CONFIGURE_V3_MMU");

    int vcpu = ioctl(machine, KVM_CREATE_VCPU, 0);
    if (vcpu < 0)
        return refused("KVM_CREATE_VCPU");
    /* KVM-HV runs nothing but PAPR guests: KVM_RUN says EINVAL without this. */
    struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
    if (ioctl(vcpu, KVM_ENABLE_CAP, &papr) < 0)
        return refused("KVM_ENABLE_CAP(PPC_PAPR)");

    int run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (run_size < 0)
        return refused("KVM_GET_VCPU_MMAP_SIZE");
    struct kvm_run *run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (run == MAP_FAILED)
        return refused("mmap of the vcpu");

    struct kvm_regs registers;
    if (ioctl(vcpu, KVM_GET_REGS, &registers) < 0)
        return refused("KVM_GET_REGS");
    registers.pc = code_address;
    registers.msr = (UINT64_C(1) << 63) | 1; /* 64 bits, little-endian, real mode */
    if (ioctl(vcpu, KVM_SET_REGS, &registers) < 0)
        return refused("KVM_SET_REGS");

    do
        if (ioctl(vcpu, KVM_RUN, 0) < 0 && errno != EINTR)
            return refused("KVM_RUN");
    while (run->exit_reason == KVM_EXIT_INTR);

    if (ioctl(vcpu, KVM_GET_REGS, &registers) < 0)
        return refused("KVM_GET_REGS");
    if (run->exit_reason != KVM_EXIT_PAPR_HCALL || run->papr_hcall.nr != result_hypercall)
        return stopped(run, &registers);

    uint64_t stored;
    memcpy(&stored, memory + data_address + sizeof input, sizeof stored);
    uint64_t computed = registers.gpr[4];
    printf("virt-nest-proof: L2 ran: computed %llu, expected %llu, stored %llu\n", (unsigned long long)computed,
           (unsigned long long)expected, (unsigned long long)stored);
    return computed != expected || stored != expected;
}

int main(void)
{
    static const uint64_t inputs[] = {100, 1000};
    int status = 0;

    setvbuf(stdout, NULL, _IONBF, 0);
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        return refused("/dev/kvm");
    alarm(1800); /* an L2 that never ends; how long one takes depends on what else the machine does */
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        status |= sum_in_l2(kvm, inputs[i]);
    return status;
}
