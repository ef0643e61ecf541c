typedef int io_placeholder_;
